// SHA-256 over whole blocks, for the hashes of files and of data.
#ifndef WB_CHASH_H
#define WB_CHASH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// SHA-256's compression function on `blocks` blocks of 64 bytes, and its definition in plain C.
void wb_sha256_blocks(uint32_t *state, const uint8_t *bytes, int64_t blocks);
void wb_sha256_blocks_naive(uint32_t *state, const uint8_t *bytes, int64_t blocks);
/// Two hashes side by side, `blocks` blocks of each: nearly twice as fast as one after the other.
void wb_sha256_pair(uint32_t *const state[2], const uint8_t *const bytes[2], int64_t blocks);

#ifdef __cplusplus
}
#endif
#endif
