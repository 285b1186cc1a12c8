"""C++ functions, in single and double precision, that compilers vectorise."""

#: Brian2's own compares in double precision whatever it is given, and branches.
CLIP = """
template <typename T, typename A, typename B>
static inline T _clip(const T value, const A a_min, const B a_max)
{
    return value < a_min ? (T)a_min : (value > a_max ? (T)a_max : value);
}
"""

#: exp(x) = 2**n * exp(r) with |r| <= log(2)/2. Unlike a call of a library's vector function, it
#: leaves the registers of the loop around it alone, and is the same in the last, scalar
#: iterations of a loop. Off by less than 2 units in the last place; saturates at the ends of
#: the range of finite, normal numbers.
EXP = """
static inline float _exp(const float x)
{
    const float bounded = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
    const float n = floorf(bounded * 1.44269504f + 0.5f);
    const float r = (bounded - n * 0.693359375f) + n * 2.12194440e-4f;
    float y = 1.9875691500e-4f;
    y = y * r + 1.3981999507e-3f;
    y = y * r + 8.3334519073e-3f;
    y = y * r + 4.1665795894e-2f;
    y = y * r + 1.6666665459e-1f;
    y = y * r + 5.0000001201e-1f;
    y = (y * r) * r + r + 1.0f;
    const int32_t bits = ((int32_t)n + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof(scale));
    return y * scale;
}
static inline double _exp(const double x)
{
    return exp(x);
}
"""

#: What a value consists of, to see whether anything of it has changed.
BITS = """
static inline uint32_t _bits(const float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}
static inline uint64_t _bits(const double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}
static inline uint64_t _bits(const int64_t value)
{
    return value;
}
"""

#: x**y = 2**(y * log2(x)), where log2(x) is a whole number e and the logarithm of a mantissa m
#: between sqrt(1/2) and sqrt(2): y * e is split into a whole number and the rest before
#: anything is rounded away. For x between 1e-6 and 1e6 and y from -1 to 3 it is off by at most 2
#: units in the last place where multiplying and adding is one instruction, 11 elsewhere, and
#: saturates as exp does. A negative x takes whole numbers y, as in C; what C calls NaN is some
#: number here. Loops over synapses call _root instead where y is one half.
POWER = """
union _float_bits
{
    float number;
    int32_t bits;
};
static inline float _power(const float x, const float y)
{
    const float size = fabsf(x) < 1.17549435e-38f ? 1.17549435e-38f : fabsf(x);
    union _float_bits mantissa, scale;
    mantissa.number = size;
    const int32_t exponent = (mantissa.bits - 0x3f3504f3) >> 23;
    mantissa.bits -= exponent * (1 << 23);
    const float z = mantissa.number - 1.0f, z2 = z * z;
    float p = 7.0376836292e-2f;
    p = p * z - 1.1514610310e-1f;
    p = p * z + 1.1676998740e-1f;
    p = p * z - 1.2420140846e-1f;
    p = p * z + 1.4249322787e-1f;
    p = p * z - 1.6668057665e-1f;
    p = p * z + 2.0000714765e-1f;
    p = p * z - 2.4999993993e-1f;
    p = p * z + 3.3333331174e-1f;
    const float log_mantissa = z + z2 * (z * p - 0.5f);
    const float e = (float)exponent, of_e = y * e, of_mantissa = y * log_mantissa;
    const float sum = of_e + of_mantissa * 1.44269504f;
    const float bounded = sum < -126.0f ? -126.0f : (sum > 127.0f ? 127.0f : sum);
    const float n = floorf(bounded + 0.5f);
    const float rest = (y * e - n) * 0.693147181f + of_mantissa;
    const float r = rest < -0.35f ? -0.35f : (rest > 0.35f ? 0.35f : rest);
    float q = 1.9875691500e-4f;
    q = q * r + 1.3981999507e-3f;
    q = q * r + 8.3334519073e-3f;
    q = q * r + 4.1665795894e-2f;
    q = q * r + 1.6666665459e-1f;
    q = q * r + 5.0000001201e-1f;
    q = (q * r) * r + r + 1.0f;
    scale.bits = ((int32_t)n + 127) << 23;
    const float half = y * 0.5f;
    const float sign = x < 0.0f && floorf(half) != half ? -1.0f : 1.0f;
    return x == 0.0f && y > 0.0f ? 0.0f : sign * q * scale.number;
}
static inline float _root(const float x)
{
    return copysignf(sqrtf(fabsf(x)), x);
}
"""
