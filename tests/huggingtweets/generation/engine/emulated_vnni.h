/* The instructions that the products with VNNI use, in AVX2's, those on 512 bits in pairs. With them the products are
   tested on processors that have no VNNI; how fast they are is not. */
typedef struct { __m256i low, high; } WideWholes;
typedef struct { __m256 low, high; } WideFloats;

#define ON_512_BITS
#define __m512i WideWholes
#define __m512 WideFloats
#define EMULATED static inline __attribute__((always_inline))
#define _mm512_setzero_ps() ((WideFloats){_mm256_setzero_ps(), _mm256_setzero_ps()})
#define _mm512_set1_ps(x) ((WideFloats){_mm256_set1_ps(x), _mm256_set1_ps(x)})
#define _mm512_set1_epi32(x) ((WideWholes){_mm256_set1_epi32(x), _mm256_set1_epi32(x)})
#define _mm512_set1_epi8(x) ((WideWholes){_mm256_set1_epi8(x), _mm256_set1_epi8(x)})
#define _mm512_castsi256_si512(x) ((WideWholes){x, _mm256_setzero_si256()})
#define _mm512_zextsi256_si512 _mm512_castsi256_si512
#define _mm512_inserti64x4(both, x, place) ((WideWholes){(both).low, x}) /* the place is always 1 */
#define _mm512_loadu_si512 emulated_loadu_si512
#define _mm512_xor_si512 emulated_xor_si512
#define _mm512_permutexvar_epi16 emulated_permutexvar_epi16
#define _mm512_cvtepi32_ps emulated_cvtepi32_ps
#define _mm512_loadu_ps emulated_loadu_ps
#define _mm512_storeu_ps emulated_storeu_ps
#define _mm512_mul_ps emulated_mul_ps
#define _mm512_add_ps emulated_add_ps
#define _mm512_fmadd_ps emulated_fmadd_ps

EMULATED WideWholes emulated_loadu_si512(const void *from)
{
    const __m256i *at = from;
    return (WideWholes){_mm256_loadu_si256(at), _mm256_loadu_si256(at + 1)};
}

EMULATED WideWholes emulated_xor_si512(WideWholes a, WideWholes b)
{
    return (WideWholes){_mm256_xor_si256(a.low, b.low), _mm256_xor_si256(a.high, b.high)};
}

EMULATED WideWholes emulated_permutexvar_epi16(WideWholes places, WideWholes x)
{
    uint16_t from[32], place[32], to[32];
    memcpy(from, &x, sizeof from);
    memcpy(place, &places, sizeof place);
    for (int i = 0; i < 32; i++)
        to[i] = from[place[i] % 32];
    WideWholes moved;
    memcpy(&moved, to, sizeof to);
    return moved;
}

/* vpdpbusd: weights have no sign, x has one. */
EMULATED void add_products(__m256i *sum, __m256i weights, __m256i x)
{
    __m256i twos[2]; /* sums of two products each, of 16 bytes */
    twos[0] = _mm256_madd_epi16(
        _mm256_cvtepu8_epi16(_mm256_castsi256_si128(weights)), _mm256_cvtepi8_epi16(_mm256_castsi256_si128(x)));
    twos[1] = _mm256_madd_epi16(
        _mm256_cvtepu8_epi16(_mm256_extracti128_si256(weights, 1)), _mm256_cvtepi8_epi16(_mm256_extracti128_si256(x, 1)));
    __m256i fours = _mm256_hadd_epi32(twos[0], twos[1]);
    *sum = _mm256_add_epi32(*sum, _mm256_permute4x64_epi64(fours, 0xD8));
}

EMULATED void add_wide_products(WideWholes *sum, WideWholes weights, WideWholes x)
{
    add_products(&sum->low, weights.low, x.low);
    add_products(&sum->high, weights.high, x.high);
}

EMULATED WideFloats emulated_cvtepi32_ps(WideWholes x)
{
    return (WideFloats){_mm256_cvtepi32_ps(x.low), _mm256_cvtepi32_ps(x.high)};
}

EMULATED WideFloats emulated_loadu_ps(const float *from)
{
    return (WideFloats){_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)};
}

EMULATED void emulated_storeu_ps(float *to, WideFloats x)
{
    _mm256_storeu_ps(to, x.low);
    _mm256_storeu_ps(to + 8, x.high);
}

EMULATED WideFloats emulated_mul_ps(WideFloats a, WideFloats b)
{
    return (WideFloats){_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}

EMULATED WideFloats emulated_add_ps(WideFloats a, WideFloats b)
{
    return (WideFloats){_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
}

EMULATED WideFloats emulated_fmadd_ps(WideFloats a, WideFloats b, WideFloats c)
{
    return (WideFloats){_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
