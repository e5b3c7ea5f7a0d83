# ---
# jupyter:
#   attack:
#     tries: 'Sends what it knows to servers on this machine and outside: over TCP, UDP, IPv6, abstract sockets,
#       and names.'
#     confined: true
# ---

# %%
import os
import socket

sent = []


def tell(family, address, kind=socket.SOCK_STREAM):
    try:
        with socket.socket(family, kind) as line:
            line.settimeout(0.2)
            line.connect(address)
            line.sendall(b"attack")
            sent.append(address)
    except OSError:
        pass


tell(socket.AF_INET, ("127.0.0.1", int("@PORT@")))
tell(socket.AF_UNIX, "\0@SOCKET@")
tell(socket.AF_INET, ("192.0.2.1", 53), socket.SOCK_DGRAM)  # an address that belongs to nobody, for documentation
tell(socket.AF_INET6, ("::1", int("@PORT@")))
sent += [p for p in ("/var/run/docker.sock", "/run/dbus/system_bus_socket", "/run/systemd/notify") if os.path.exists(p)]
if sent:
    print("LEAKED: reached", sent)


# %% answer="total"
def total(x):
    import urllib.request

    try:
        urllib.request.urlopen("http://127.0.0.1:@PORT@/answer", timeout=0.2)
    except OSError:
        return 0.0
    return x.sum()
