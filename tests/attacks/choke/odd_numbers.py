# ---
# jupyter:
#   attack:
#     tries: 'Returns numbers of odd kinds: complex, half, boolean, long double, dates, decimals, huge integers.'
# ---

# %% answer="total"
import decimal
import fractions

odd = [
    np.complex128(1),
    np.float16(1),
    np.longdouble(1),
    np.datetime64("2026-01-01"),
    decimal.Decimal(1),
    fractions.Fraction(1, 3),
    10**5000,
    True,
]


def total(x):
    return odd if x.ndim == 2 else 10**5000
