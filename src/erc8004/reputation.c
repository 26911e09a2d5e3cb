/* reputation.c - reads of the reputation registry, and its mean computed without its last step, which wraps. */
#include "erc8004/erc8004.h"

#define REPUTATION CHAOS_REGISTRY_REPUTATION

chaos_status chaos_feedback_clients(const chaos_registries *registries, const chaos_u256 *agent_id,
                                    const chaos_block_id *at, chaos_address_list **clients, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    NEED(agent_id != NULL && clients != NULL, err);
    CHAOS_TRY(registry_call(registries, REPUTATION, at, "getClients(uint256)", ARGUMENTS(arg_u256(agent_id)), &reply,
                            NULL, err));
    return reply_addresses(buffer_slice(&reply), "clients", clients, err);
}

chaos_status chaos_feedback_last_index(const chaos_registries *registries, const chaos_u256 *agent_id,
                                       const chaos_address *client, const chaos_block_id *at, uint64_t *index,
                                       chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    NEED(agent_id != NULL && client != NULL && index != NULL, err);
    CHAOS_TRY(registry_call(registries, REPUTATION, at, "getLastIndex(uint256,address)",
                            ARGUMENTS(arg_u256(agent_id), arg_address(client)), &reply, NULL, err));
    return reply_number(buffer_slice(&reply), "lastIndex", UINT64_MAX, index, err);
}

chaos_status chaos_feedback_read(const chaos_registries *registries, const chaos_u256 *agent_id,
                                 const chaos_address *client, uint64_t index, const chaos_block_id *at,
                                 chaos_feedback_list **list, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    NEED(agent_id != NULL && client != NULL && list != NULL, err);
    CHAOS_TRY(registry_ask(registries, REPUTATION, at, MISSING_FEEDBACK, "readFeedback(uint256,address,uint64)",
                           ARGUMENTS(arg_u256(agent_id), arg_address(client), arg_number(index)), &reply, err));
    return reply_feedback(&reply, client, index, list, err);
}

chaos_status chaos_feedback_read_all(const chaos_registries *registries, const chaos_u256 *agent_id,
                                     const chaos_address *clients, size_t client_count, const char *tag1,
                                     const char *tag2, bool include_revoked, const chaos_block_id *at,
                                     chaos_feedback_list **list, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    NEED(agent_id != NULL && (clients != NULL || client_count == 0) && list != NULL, err);
    CHAOS_TRY(registry_call(registries, REPUTATION, at, "readAllFeedback(uint256,address[],string,string,bool)",
                            ARGUMENTS(arg_u256(agent_id), arg_addresses(clients, client_count), arg_text(tag1),
                                      arg_text(tag2), arg_boolean(include_revoked)),
                            &reply, NULL, err));
    return reply_all_feedback(&reply, list, err);
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(chaos_address));
}

/* Each at most once. */
static chaos_status check_distinct(const chaos_address *clients, size_t count, chaos_error *err)
{
    chaos_address *sorted = malloc(count * sizeof *sorted);
    bool twice = false;
    if (sorted == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    memcpy(sorted, clients, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_bytes);
    for (size_t i = 1; i < count; i++) {
        twice = twice || by_bytes(&sorted[i - 1], &sorted[i]) == 0;
    }
    free(sorted);
    return twice ? usage(err, "clients", "a client is listed twice: the registry would count it twice") : CHAOS_OK;
}

chaos_status chaos_feedback_summary_of(const chaos_registries *registries, const chaos_u256 *agent_id,
                                       const chaos_address *clients, size_t client_count, const char *tag1,
                                       const char *tag2, const chaos_block_id *at, chaos_feedback_summary *summary,
                                       chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    NEED(agent_id != NULL && summary != NULL, err);
    if (clients == NULL || client_count == 0 || client_count > MAX_CALLDATA / ABI_WORD) {
        return usage(err, "clients", "at least one client must be listed: the caller chooses whose feedback counts");
    }
    CHAOS_TRY(check_distinct(clients, client_count, err));
    CHAOS_TRY(registry_call(registries, REPUTATION, at, "getSummary(uint256,address[],string,string)",
                            ARGUMENTS(arg_u256(agent_id), arg_addresses(clients, client_count), arg_text(tag1),
                                      arg_text(tag2)),
                            &reply, NULL, err));
    return reply_summary(buffer_slice(&reply), summary, err);
}

chaos_status chaos_feedback_response_count(const chaos_registries *registries, const chaos_u256 *agent_id,
                                           const chaos_address *client_or_null, uint64_t index,
                                           const chaos_address *responders, size_t responder_count,
                                           const chaos_block_id *at, uint64_t *count, chaos_error *err)
{
    static const chaos_address all = { { 0 } };
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    NEED(agent_id != NULL && (responders != NULL || responder_count == 0) && count != NULL, err);
    CHAOS_TRY(registry_call(registries, REPUTATION, at, "getResponseCount(uint256,address,uint64,address[])",
                            ARGUMENTS(arg_u256(agent_id), arg_address(client_or_null == NULL ? &all : client_or_null),
                                      arg_number(index), arg_addresses(responders, responder_count)),
                            &reply, NULL, err));
    return reply_number(buffer_slice(&reply), "count", UINT64_MAX, count, err);
}

/* ------------------------------------------------------------------- mean ---- */

static chaos_status too_large(chaos_error *err)
{
    return error_set(err, CHAOS_E_LIMIT, "summary", CHAOS_NO_OFFSET, "the mean does not fit in 128 bits");
}

/* The number of decimals that most have, the lowest of several. */
static uint8_t mode(const uint64_t frequency[CHAOS_MAX_DECIMALS + 1])
{
    uint8_t best = 0;
    for (uint8_t d = 1; d <= CHAOS_MAX_DECIMALS; d++) {
        best = frequency[d] > frequency[best] ? d : best;
    }
    return best;
}

feedback_mean feedback_mean_begin(void)
{
    return (feedback_mean){ .count = 0 };
}

void feedback_mean_add(feedback_mean *mean, const chaos_int128 *value, unsigned decimals)
{
    wide term = wide_from(value);
    if (decimals > CHAOS_MAX_DECIMALS || mean->count == UINT32_MAX ||
        !wide_times_ten(&term, CHAOS_MAX_DECIMALS - decimals) || !wide_add(&mean->sum, &term)) {
        mean->too_large = true;
        return;
    }
    mean->frequency[decimals]++;
    mean->count++;
}

chaos_status feedback_mean_end(const feedback_mean *mean, chaos_feedback_summary *summary, chaos_error *err)
{
    chaos_feedback_summary made = { .count = mean->count, .decimals = mode(mean->frequency) };
    wide sum = mean->sum;
    if (mean->too_large) {
        return too_large(err);
    }
    if (mean->count == 0) {
        *summary = (chaos_feedback_summary){ .count = 0 };
        return CHAOS_OK;
    }
    wide_divide(&sum, mean->count);
    for (unsigned d = made.decimals; d < CHAOS_MAX_DECIMALS; d++) {
        wide_divide(&sum, 10);
    }
    if (!wide_to(&sum, &made.value)) {
        return too_large(err);
    }
    *summary = made;
    return CHAOS_OK;
}

chaos_status chaos_feedback_list_summary(const chaos_feedback_list *list, chaos_feedback_summary *summary,
                                         chaos_error *err)
{
    feedback_mean mean = feedback_mean_begin();
    NEED(list != NULL && summary != NULL, err);
    for (size_t i = 0; i < chaos_feedback_list_count(list); i++) {
        const chaos_feedback *f = chaos_feedback_list_at(list, i);
        if (!f->is_revoked) {
            feedback_mean_add(&mean, &f->value, f->decimals);
        }
    }
    return feedback_mean_end(&mean, summary, err);
}
