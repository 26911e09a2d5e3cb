/* log_tail.c - the newest blocks that were read, by hash: what a reorganisation is recognised by, also one to the same
 * height. */
#include "erc8004/log_reader.h"

void log_tail_begin(log_tail *tail, uint32_t depth, uint64_t first)
{
    memset(tail, 0, sizeof *tail);
    tail->depth = depth;
    tail->next = first;
}

const chaos_keccak *log_tail_hash(const log_tail *tail, uint64_t number)
{
    bool is_known = number < tail->next && tail->next - number <= tail->known;
    return is_known ? &tail->hashes[number % LOG_TAIL_MOST] : NULL;
}

void log_tail_push(log_tail *tail, const chaos_keccak *hash)
{
    tail->hashes[tail->next % LOG_TAIL_MOST] = *hash;
    tail->next++;
    tail->known = tail->known < tail->depth ? tail->known + 1 : tail->depth;
}

void log_tail_jump(log_tail *tail, uint64_t last, const chaos_keccak *hash)
{
    if (last == tail->next) {
        log_tail_push(tail, hash);
        return;
    }
    tail->next = last;
    tail->known = 0;
    log_tail_push(tail, hash);
}

void log_tail_cut(log_tail *tail, uint64_t next)
{
    uint64_t back = tail->next - next;
    tail->known = back < tail->known ? tail->known - (uint32_t)back : 0;
    tail->next = next;
}
