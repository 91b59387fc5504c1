// SHA-256's compression function over whole blocks (FIPS 180-4, 6.2.2), in plain C and with the processor's own
// instructions: the model's hash is most of what a run does before its first step.
#include "CHash.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#endif

static const uint32_t constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, int count) { return x >> count | x << (32 - count); }

void wb_sha256_blocks_naive(uint32_t *state, const uint8_t *bytes, int64_t blocks) {
  for (; blocks > 0; blocks--, bytes += 64) {
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++)
      w[i] = (uint32_t)bytes[4 * i] << 24 | (uint32_t)bytes[4 * i + 1] << 16 | (uint32_t)bytes[4 * i + 2] << 8 |
             bytes[4 * i + 3];
#pragma clang loop unroll(full)
    for (int i = 16; i < 64; i++) {
      uint32_t early = w[i - 15], late = w[i - 2];
      w[i] = w[i - 16] + (rotate(early, 7) ^ rotate(early, 18) ^ early >> 3) + w[i - 7] +
             (rotate(late, 17) ^ rotate(late, 19) ^ late >> 10);
    }
    for (int i = 0; i < 8; i++) s[i] = state[i];
    // Unrolled, the moves between the eight words are names only.
#pragma clang loop unroll(full)
    for (int i = 0; i < 64; i++) {
      uint32_t t1 = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) + (s[6] ^ (s[4] & (s[5] ^ s[6]))) +
                    constants[i] + w[i];
      uint32_t t2 = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + ((s[0] & s[1]) | (s[2] & (s[0] | s[1])));
      for (int j = 7; j > 0; j--) s[j] = s[j - 1];
      s[4] += t1;
      s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) state[i] += s[i];
  }
}

#if defined(__x86_64__) || defined(__aarch64__)
#define HAS_SHA_BODY
#endif

#if defined(__x86_64__)
#define SHA __attribute__((target("sha,sse4.1,ssse3")))

/// `lanes` independent hashes at once, one or two: a round waits for the one before, and a second hash fills the wait.
SHA static inline __attribute__((always_inline)) void lanes_sha(const int lanes, uint32_t *const *state,
                                                                const uint8_t *const *bytes, int64_t blocks) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i abef[2], cdgh[2], w[2][4];
#pragma clang loop unroll(full)
  for (int l = 0; l < lanes; l++) {
    // The instructions want the state as {a, b, e, f} and {c, d, g, h}, the first word highest.
    __m128i dcba = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state[l]), 0xb1);
    __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state[l] + 4)), 0x1b);
    abef[l] = _mm_alignr_epi8(dcba, hgfe, 8);
    cdgh[l] = _mm_blend_epi16(hgfe, dcba, 0xf0);
  }
  for (int64_t block = 0; block < blocks; block++) {
    __m128i abef_before[2], cdgh_before[2];
#pragma clang loop unroll(full)
    for (int l = 0; l < lanes; l++) {
      abef_before[l] = abef[l];
      cdgh_before[l] = cdgh[l];
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++)
        w[l][i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(bytes[l] + 64 * block) + i), swap);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++)
#pragma clang loop unroll(full)
      for (int l = 0; l < lanes; l++) {
        __m128i now = w[l][i % 4], sum = _mm_add_epi32(now, _mm_load_si128((const __m128i *)constants + i));
        cdgh[l] = _mm_sha256rnds2_epu32(cdgh[l], abef[l], sum);
        abef[l] = _mm_sha256rnds2_epu32(abef[l], cdgh[l], _mm_shuffle_epi32(sum, 0x0e));
        if (i < 12) {
          // Words 4i + 16 … 4i + 19 take the place of those just used.
          __m128i next = w[l][(i + 1) % 4], third = w[l][(i + 2) % 4], last = w[l][(i + 3) % 4];
          __m128i early = _mm_add_epi32(_mm_sha256msg1_epu32(now, next), _mm_alignr_epi8(last, third, 4));
          w[l][i % 4] = _mm_sha256msg2_epu32(early, last);
        }
      }
#pragma clang loop unroll(full)
    for (int l = 0; l < lanes; l++) {
      abef[l] = _mm_add_epi32(abef[l], abef_before[l]);
      cdgh[l] = _mm_add_epi32(cdgh[l], cdgh_before[l]);
    }
  }
#pragma clang loop unroll(full)
  for (int l = 0; l < lanes; l++) {
    __m128i feba = _mm_shuffle_epi32(abef[l], 0x1b), dchg = _mm_shuffle_epi32(cdgh[l], 0xb1);
    _mm_storeu_si128((__m128i *)state[l], _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(state[l] + 4), _mm_alignr_epi8(dchg, feba, 8));
  }
}

static int has_sha(void) {
  unsigned a, b, c, d;
  // Leaf 1, ECX: bit 9 is SSSE3, 19 SSE4.1. Leaf 7, EBX: bit 29 is SHA.
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 9 & 1) || !(c >> 19 & 1)) return 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
}

#elif defined(__aarch64__)
#define SHA __attribute__((target("sha2")))

/// `lanes` independent hashes at once, as above.
SHA static inline __attribute__((always_inline)) void lanes_sha(const int lanes, uint32_t *const *state,
                                                                const uint8_t *const *bytes, int64_t blocks) {
  uint32x4_t abcd[2], efgh[2], w[2][4];
#pragma clang loop unroll(full)
  for (int l = 0; l < lanes; l++) {
    abcd[l] = vld1q_u32(state[l]);
    efgh[l] = vld1q_u32(state[l] + 4);
  }
  for (int64_t block = 0; block < blocks; block++) {
    uint32x4_t abcd_before[2], efgh_before[2];
#pragma clang loop unroll(full)
    for (int l = 0; l < lanes; l++) {
      abcd_before[l] = abcd[l];
      efgh_before[l] = efgh[l];
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) w[l][i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(bytes[l] + 64 * block + 16 * i)));
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++)
#pragma clang loop unroll(full)
      for (int l = 0; l < lanes; l++) {
        const uint32x4_t now = w[l][i % 4], sum = vaddq_u32(now, vld1q_u32(constants + 4 * i)), first = abcd[l];
        abcd[l] = vsha256hq_u32(first, efgh[l], sum);
        efgh[l] = vsha256h2q_u32(efgh[l], first, sum);
        // Words 4i + 16 … 4i + 19 take the place of those just used.
        if (i < 12)
          w[l][i % 4] = vsha256su1q_u32(vsha256su0q_u32(now, w[l][(i + 1) % 4]), w[l][(i + 2) % 4], w[l][(i + 3) % 4]);
      }
#pragma clang loop unroll(full)
    for (int l = 0; l < lanes; l++) {
      abcd[l] = vaddq_u32(abcd[l], abcd_before[l]);
      efgh[l] = vaddq_u32(efgh[l], efgh_before[l]);
    }
  }
#pragma clang loop unroll(full)
  for (int l = 0; l < lanes; l++) {
    vst1q_u32(state[l], abcd[l]);
    vst1q_u32(state[l] + 4, efgh[l]);
  }
}

static int has_sha(void) {
#if defined(__linux__)
  // HWCAP_SHA2.
  return (int)(getauxval(AT_HWCAP) >> 6 & 1);
#else
  // Every Mac of this architecture has them.
  return 1;
#endif
}
#endif

#ifdef HAS_SHA_BODY
SHA static void blocks_sha(uint32_t *const *state, const uint8_t *const *bytes, int64_t blocks) {
  lanes_sha(1, state, bytes, blocks);
}

SHA static void pairs_sha(uint32_t *const *state, const uint8_t *const *bytes, int64_t blocks) {
  lanes_sha(2, state, bytes, blocks);
}

static int knows_sha(void) {
  // Asking the processor traps into the host of a virtual machine, so it is asked once.
  static int known;
  int found = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (!found) {
    found = has_sha() ? 1 : 2;
    __atomic_store_n(&known, found, __ATOMIC_RELAXED);
  }
  return found == 1;
}
#endif

void wb_sha256_blocks(uint32_t *state, const uint8_t *bytes, int64_t blocks) {
#ifdef HAS_SHA_BODY
  if (knows_sha()) {
    blocks_sha(&state, &bytes, blocks);
    return;
  }
#endif
  wb_sha256_blocks_naive(state, bytes, blocks);
}

void wb_sha256_pair(uint32_t *const state[2], const uint8_t *const bytes[2], int64_t blocks) {
#ifdef HAS_SHA_BODY
  if (knows_sha()) {
    pairs_sha(state, bytes, blocks);
    return;
  }
#endif
  for (int i = 0; i < 2; i++) wb_sha256_blocks_naive(state[i], bytes[i], blocks);
}
