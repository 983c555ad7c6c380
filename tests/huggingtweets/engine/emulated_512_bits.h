/* The few instructions on 512 bits that kernels.c uses, in pairs of AVX2's. With them the products for AVX-512 VNNI are
   tested on processors that have no AVX-512; how fast they are is not. */
typedef struct { __m256i low, high; } Wholes;
typedef struct { __m256 low, high; } Floats;

#undef ON_512_BITS
#define ON_512_BITS
#define __m512i Wholes
#define __m512 Floats
#define EMULATED static inline __attribute__((always_inline))
#define _mm512_setzero_ps() ((Floats){_mm256_setzero_ps(), _mm256_setzero_ps()})
#define _mm512_setzero_si512() ((Wholes){_mm256_setzero_si256(), _mm256_setzero_si256()})
#define _mm512_set1_ps(x) ((Floats){_mm256_set1_ps(x), _mm256_set1_ps(x)})
#define _mm512_set1_epi32(x) ((Wholes){_mm256_set1_epi32(x), _mm256_set1_epi32(x)})
#define _mm512_cvtepi8_epi16 emulated_cvtepi8_epi16
#define _mm512_slli_epi16 emulated_slli_epi16
#define _mm512_mask_srai_epi16 emulated_mask_srai_epi16
#define _mm512_dpwssd_epi32 emulated_dpwssd_epi32
#define _mm512_cvtepi32_ps emulated_cvtepi32_ps
#define _mm512_loadu_ps emulated_loadu_ps
#define _mm512_storeu_ps emulated_storeu_ps
#define _mm512_mul_ps emulated_mul_ps
#define _mm512_add_ps emulated_add_ps
#define _mm512_fmadd_ps emulated_fmadd_ps

EMULATED Wholes emulated_cvtepi8_epi16(__m256i x)
{
    return (Wholes){
        _mm256_cvtepi8_epi16(_mm256_castsi256_si128(x)), _mm256_cvtepi8_epi16(_mm256_extracti128_si256(x, 1))};
}

EMULATED Wholes emulated_slli_epi16(Wholes x, unsigned count)
{
    return (Wholes){_mm256_slli_epi16(x.low, (int)count), _mm256_slli_epi16(x.high, (int)count)};
}

/* `mask` has a bit for each of 32 numbers. */
EMULATED Wholes emulated_mask_srai_epi16(Wholes other, uint32_t mask, Wholes x, unsigned count)
{
    int16_t from[32], to[32];
    memcpy(from, &x, sizeof from);
    memcpy(to, &other, sizeof to);
    for (int i = 0; i < 32; i++)
        if (mask >> i & 1)
            to[i] = (int16_t)(from[i] >> count);
    Wholes shifted;
    memcpy(&shifted, to, sizeof to);
    return shifted;
}

EMULATED Wholes emulated_dpwssd_epi32(Wholes sum, Wholes a, Wholes b)
{
    return (Wholes){
        _mm256_add_epi32(sum.low, _mm256_madd_epi16(a.low, b.low)),
        _mm256_add_epi32(sum.high, _mm256_madd_epi16(a.high, b.high))};
}

EMULATED Floats emulated_cvtepi32_ps(Wholes x)
{
    return (Floats){_mm256_cvtepi32_ps(x.low), _mm256_cvtepi32_ps(x.high)};
}

EMULATED Floats emulated_loadu_ps(const float *from)
{
    return (Floats){_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)};
}

EMULATED void emulated_storeu_ps(float *to, Floats x)
{
    _mm256_storeu_ps(to, x.low);
    _mm256_storeu_ps(to + 8, x.high);
}

EMULATED Floats emulated_mul_ps(Floats a, Floats b)
{
    return (Floats){_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}

EMULATED Floats emulated_add_ps(Floats a, Floats b)
{
    return (Floats){_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
}

EMULATED Floats emulated_fmadd_ps(Floats a, Floats b, Floats c)
{
    return (Floats){_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
