"""The Runge-Kutta method of Cash & Karp (1990, ACM Trans Math Softw 16:201), of order 5.

The names are those of the usual table: slope 3 is that at the time `STAGES[2]`, with y moved by
h (A31 k1 + A32 k2). B1 to B6 are the weights of the result, D1 to D6 those less the weights of the
embedded method of order 4.
"""

STAGES = (0.0, 0.2, 0.3, 0.6, 1.0, 0.875)
"""Times of the stages, in steps."""

A21 = 1.0 / 5.0
A31, A32 = 3.0 / 40.0, 9.0 / 40.0
A41, A42, A43 = 3.0 / 10.0, -9.0 / 10.0, 6.0 / 5.0
A51, A52, A53, A54 = -11.0 / 54.0, 5.0 / 2.0, -70.0 / 27.0, 35.0 / 27.0
A61, A62, A63 = 1631.0 / 55296.0, 175.0 / 512.0, 575.0 / 13824.0
A64, A65 = 44275.0 / 110592.0, 253.0 / 4096.0
B1, B3, B4, B6 = 37.0 / 378.0, 250.0 / 621.0, 125.0 / 594.0, 512.0 / 1771.0
D1, D3, D4 = B1 - 2825.0 / 27648.0, B3 - 18575.0 / 48384.0, B4 - 13525.0 / 55296.0
D5, D6 = -277.0 / 14336.0, B6 - 1.0 / 4.0
