/* Eight numbers side by side, in the instructions of x86 (AVX2, FMA, F16C) or arm64 (NEON).

   Both round alike and add up in the same order, so what is built on this gives the same bits on both.

   Knows instructions. Does not know what is computed. */

#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)

#pragma GCC target("avx2,fma,f16c")
#include <immintrin.h>

typedef __m256 Floats;  /* 8 fp32 numbers */
typedef __m256i Wholes; /* 8 int32 numbers */

static inline void breathe(void) { _mm_pause(); }
static inline Floats all(float x) { return _mm256_set1_ps(x); }
static inline Floats load(const float *from) { return _mm256_loadu_ps(from); }
static inline void store(float *to, Floats x) { _mm256_storeu_ps(to, x); }
static inline Floats add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
static inline Floats subtract(Floats a, Floats b) { return _mm256_sub_ps(a, b); }
static inline Floats multiply(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
static inline Floats divide(Floats a, Floats b) { return _mm256_div_ps(a, b); }
static inline Floats absolute(Floats x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }

/* b where a is no number */
static inline Floats larger(Floats a, Floats b) { return _mm256_max_ps(a, b); }
static inline Floats smaller(Floats a, Floats b) { return _mm256_min_ps(a, b); }

/* a b + c, c - a b and a b - c, rounded once */
static inline Floats multiply_plus(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
static inline Floats minus_multiply(Floats a, Floats b, Floats c) { return _mm256_fnmadd_ps(a, b, c); }
static inline Floats multiply_minus(Floats a, Floats b, Floats c) { return _mm256_fmsub_ps(a, b, c); }

/* To the nearest whole number; of two, to the even one. */
static inline Floats nearest(Floats x)
{
    return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
static inline Wholes to_wholes(Floats x) { return _mm256_cvtps_epi32(x); }
static inline Floats to_floats(Wholes x) { return _mm256_cvtepi32_ps(x); }

/* y where x is above zero, else 0 */
static inline Floats where_positive(Floats x, Floats y)
{
    return _mm256_and_ps(_mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_GT_OQ), y);
}

/* A bit for each number that is at least `least`, the first one's the lowest. */
static inline uint32_t at_least(Floats x, Floats least)
{
    return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(x, least, _CMP_GE_OQ));
}

/* x times two to the power of n, while that has an exponent */
static inline Floats times_power(Floats x, Floats n)
{
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), _mm256_slli_epi32(to_wholes(n), 23)));
}

static inline Wholes no_wholes(void) { return _mm256_setzero_si256(); }
static inline Wholes lowest_4_bits(Wholes x) { return _mm256_and_si256(x, _mm256_set1_epi32(0xF)); }

/* a + 16 b, where a has 4 bits */
static inline Wholes above_4_bits(Wholes a, Wholes b) { return _mm256_or_si256(a, _mm256_slli_epi32(b, 4)); }

/* The first `count` numbers, zero behind them; nothing is read there. */
static inline Floats load_some(const float *from, int64_t count)
{
    __m256i end = _mm256_set1_epi32((int)count);
    return _mm256_maskload_ps(from, _mm256_cmpgt_epi32(end, _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)));
}

static inline Floats of_halves(const uint16_t *from)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)from));
}

static inline void store_halves(uint16_t *to, Floats x)
{
    _mm_storeu_si128((__m128i *)to, _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
}

/* As int16; what is larger is the largest one. */
static inline void store_shorts(int16_t *to, Wholes x)
{
    __m128i half = _mm_packs_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    _mm_storeu_si128((__m128i *)to, half);
}

/* The same as int8. */
static inline void store_bytes(int8_t *to, Wholes x)
{
    __m128i half = _mm_packs_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    _mm_storel_epi64((__m128i *)to, _mm_packs_epi16(half, half));
}

/* The lower bytes of 8 pairs. */
static inline void store_pairs(Wholes first, Wholes second, int8_t *to)
{
    const __m256i byte = _mm256_set1_epi32(0xFF);
    __m256i both = _mm256_or_si256(_mm256_and_si256(first, byte), _mm256_slli_epi32(_mm256_and_si256(second, byte), 8));
    __m128i bytes = _mm_packus_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
    _mm_storeu_si128((__m128i *)to, bytes);
}

static inline float sum_of(Floats x)
{
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

static inline float largest_of(Floats x)
{
    __m128 half = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}

#elif defined(__aarch64__)

#include <arm_neon.h>

typedef struct { float32x4_t low, high; } Floats; /* 8 fp32 numbers */
typedef struct { int32x4_t low, high; } Wholes;   /* 8 int32 numbers */

static inline void breathe(void) { __asm__ volatile("yield"); }
static inline Floats all(float x) { return (Floats){vdupq_n_f32(x), vdupq_n_f32(x)}; }
static inline Floats load(const float *from) { return (Floats){vld1q_f32(from), vld1q_f32(from + 4)}; }
static inline void store(float *to, Floats x)
{
    vst1q_f32(to, x.low);
    vst1q_f32(to + 4, x.high);
}
static inline Floats add(Floats a, Floats b) { return (Floats){vaddq_f32(a.low, b.low), vaddq_f32(a.high, b.high)}; }
static inline Floats subtract(Floats a, Floats b)
{
    return (Floats){vsubq_f32(a.low, b.low), vsubq_f32(a.high, b.high)};
}
static inline Floats multiply(Floats a, Floats b)
{
    return (Floats){vmulq_f32(a.low, b.low), vmulq_f32(a.high, b.high)};
}
static inline Floats divide(Floats a, Floats b)
{
    return (Floats){vdivq_f32(a.low, b.low), vdivq_f32(a.high, b.high)};
}
static inline Floats absolute(Floats x) { return (Floats){vabsq_f32(x.low), vabsq_f32(x.high)}; }

/* b where a is no number */
static inline Floats larger(Floats a, Floats b)
{
    return (Floats){
        vbslq_f32(vcgtq_f32(a.low, b.low), a.low, b.low), vbslq_f32(vcgtq_f32(a.high, b.high), a.high, b.high)};
}
static inline Floats smaller(Floats a, Floats b)
{
    return (Floats){
        vbslq_f32(vcltq_f32(a.low, b.low), a.low, b.low), vbslq_f32(vcltq_f32(a.high, b.high), a.high, b.high)};
}

/* a b + c, c - a b and a b - c, rounded once */
static inline Floats multiply_plus(Floats a, Floats b, Floats c)
{
    return (Floats){vfmaq_f32(c.low, a.low, b.low), vfmaq_f32(c.high, a.high, b.high)};
}
static inline Floats minus_multiply(Floats a, Floats b, Floats c)
{
    return (Floats){vfmsq_f32(c.low, a.low, b.low), vfmsq_f32(c.high, a.high, b.high)};
}
static inline Floats multiply_minus(Floats a, Floats b, Floats c)
{
    return (Floats){vfmaq_f32(vnegq_f32(c.low), a.low, b.low), vfmaq_f32(vnegq_f32(c.high), a.high, b.high)};
}

/* To the nearest whole number; of two, to the even one. */
static inline Floats nearest(Floats x) { return (Floats){vrndnq_f32(x.low), vrndnq_f32(x.high)}; }
static inline Wholes to_wholes(Floats x) { return (Wholes){vcvtnq_s32_f32(x.low), vcvtnq_s32_f32(x.high)}; }
static inline Floats to_floats(Wholes x) { return (Floats){vcvtq_f32_s32(x.low), vcvtq_f32_s32(x.high)}; }

/* y where x is above zero, else 0 */
static inline Floats where_positive(Floats x, Floats y)
{
    return (Floats){
        vreinterpretq_f32_u32(vandq_u32(vcgtzq_f32(x.low), vreinterpretq_u32_f32(y.low))),
        vreinterpretq_f32_u32(vandq_u32(vcgtzq_f32(x.high), vreinterpretq_u32_f32(y.high)))};
}

/* A bit for each number that is at least `least`, the first one's the lowest. */
static inline uint32_t at_least(Floats x, Floats least)
{
    static const uint32_t bits[8] = {1, 2, 4, 8, 16, 32, 64, 128};
    uint32x4_t low = vandq_u32(vcgeq_f32(x.low, least.low), vld1q_u32(bits));
    uint32x4_t high = vandq_u32(vcgeq_f32(x.high, least.high), vld1q_u32(bits + 4));
    return vaddvq_u32(vorrq_u32(low, high));
}

/* x times two to the power of n, while that has an exponent */
static inline Floats times_power(Floats x, Floats n)
{
    Wholes power = to_wholes(n);
    return (Floats){
        vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(x.low), vshlq_n_s32(power.low, 23))),
        vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(x.high), vshlq_n_s32(power.high, 23)))};
}

static inline Wholes no_wholes(void) { return (Wholes){vdupq_n_s32(0), vdupq_n_s32(0)}; }
static inline Wholes lowest_4_bits(Wholes x)
{
    return (Wholes){vandq_s32(x.low, vdupq_n_s32(0xF)), vandq_s32(x.high, vdupq_n_s32(0xF))};
}

/* a + 16 b, where a has 4 bits */
static inline Wholes above_4_bits(Wholes a, Wholes b)
{
    return (Wholes){vorrq_s32(a.low, vshlq_n_s32(b.low, 4)), vorrq_s32(a.high, vshlq_n_s32(b.high, 4))};
}

/* The first `count` numbers, zero behind them; nothing is read there. */
static inline Floats load_some(const float *from, int64_t count)
{
    float there[8] = {0};
    memcpy(there, from, (size_t)(count < 8 ? count : 8) * sizeof *from);
    return load(there);
}

static inline Floats of_halves(const uint16_t *from)
{
    float16x8_t halves = vreinterpretq_f16_u16(vld1q_u16(from));
    return (Floats){vcvt_f32_f16(vget_low_f16(halves)), vcvt_high_f32_f16(halves)};
}

static inline void store_halves(uint16_t *to, Floats x)
{
    vst1q_u16(to, vreinterpretq_u16_f16(vcvt_high_f16_f32(vcvt_f16_f32(x.low), x.high)));
}

/* As int16; what is larger is the largest one. */
static inline void store_shorts(int16_t *to, Wholes x)
{
    vst1q_s16(to, vqmovn_high_s32(vqmovn_s32(x.low), x.high));
}

/* The same as int8. */
static inline void store_bytes(int8_t *to, Wholes x)
{
    vst1_s8(to, vqmovn_s16(vqmovn_high_s32(vqmovn_s32(x.low), x.high)));
}

/* The lower bytes of 8 pairs. */
static inline void store_pairs(Wholes first, Wholes second, int8_t *to)
{
    int16x8_t one = vmovn_high_s32(vmovn_s32(first.low), first.high);
    int16x8_t other = vmovn_high_s32(vmovn_s32(second.low), second.high);
    vst2_s8(to, ((int8x8x2_t){{vmovn_s16(one), vmovn_s16(other)}}));
}

static inline float sum_of(Floats x)
{
    float32x4_t four = vaddq_f32(x.low, x.high);
    float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
    return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

static inline float largest_of(Floats x) { return vmaxnmvq_f32(vmaxnmq_f32(x.low, x.high)); }

#endif
