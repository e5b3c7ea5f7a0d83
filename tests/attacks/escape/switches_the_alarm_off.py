# ---
# jupyter:
#   attack:
#     tries: Ignores and blocks the signals that could stop it, and resets the timer.
# ---

# %% answer="total"
def total(x):
    import signal

    for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while True:
        pass
