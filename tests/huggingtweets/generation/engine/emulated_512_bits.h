/* The few instructions on 512 bits that kernels.c uses, in pairs of AVX2's. With them the products for AVX-512 VNNI are
   tested on processors that have no AVX-512; how fast they are is not. */
typedef struct { __m256i low, high; } WideWholes;
typedef struct { __m256 low, high; } WideFloats;

#undef ON_512_BITS
#define ON_512_BITS
#define __m512i WideWholes
#define __m512 WideFloats
#define EMULATED static inline __attribute__((always_inline))
#define _mm512_setzero_ps() ((WideFloats){_mm256_setzero_ps(), _mm256_setzero_ps()})
#define _mm512_setzero_si512() ((WideWholes){_mm256_setzero_si256(), _mm256_setzero_si256()})
#define _mm512_set1_ps(x) ((WideFloats){_mm256_set1_ps(x), _mm256_set1_ps(x)})
#define _mm512_set1_epi32(x) ((WideWholes){_mm256_set1_epi32(x), _mm256_set1_epi32(x)})
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

EMULATED WideWholes emulated_cvtepi8_epi16(__m256i x)
{
    return (WideWholes){
        _mm256_cvtepi8_epi16(_mm256_castsi256_si128(x)), _mm256_cvtepi8_epi16(_mm256_extracti128_si256(x, 1))};
}

EMULATED WideWholes emulated_slli_epi16(WideWholes x, unsigned count)
{
    return (WideWholes){_mm256_slli_epi16(x.low, (int)count), _mm256_slli_epi16(x.high, (int)count)};
}

/* `mask` has a bit for each of 32 numbers. */
EMULATED WideWholes emulated_mask_srai_epi16(WideWholes other, uint32_t mask, WideWholes x, unsigned count)
{
    int16_t from[32], to[32];
    memcpy(from, &x, sizeof from);
    memcpy(to, &other, sizeof to);
    for (int i = 0; i < 32; i++)
        if (mask >> i & 1)
            to[i] = (int16_t)(from[i] >> count);
    WideWholes shifted;
    memcpy(&shifted, to, sizeof to);
    return shifted;
}

EMULATED WideWholes emulated_dpwssd_epi32(WideWholes sum, WideWholes a, WideWholes b)
{
    return (WideWholes){
        _mm256_add_epi32(sum.low, _mm256_madd_epi16(a.low, b.low)),
        _mm256_add_epi32(sum.high, _mm256_madd_epi16(a.high, b.high))};
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
