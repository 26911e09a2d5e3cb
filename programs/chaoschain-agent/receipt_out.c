/* receipt_out.c - a receipt that was just made, as a program reads it. */
#include "agent_program.h"

/* The receipt itself is the object that stands on its line of a bundle. */
bool receipt_json(const chaos_agent_reference *agent, const chaos_receipt *receipt, chaos_buffer *out)
{
    static const char tail[] = "}\n";
    const chaos_keccak digest = chaos_action_digest(&receipt->action);
    CHAOS_AUTO_BUFFER(line, 4096);
    char name[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    if (chaos_bundle_write_receipt(receipt, &line, NULL) != CHAOS_OK || line.size <= strlen(tail)) {
        return false;
    }
    chaos_agent_reference_format(agent, name);
    return buffer_append_format(out, "{\"agent\":\"%s\",\"digest\":\"%s\",", name, hex_of(&digest).text) &&
           buffer_append(out, slice(line.data + 1, line.size - 1 - strlen(tail))) &&
           buffer_append_text(out, ",\"schema\":\"chaoschain/agent-receipt/1\"}\n");
}
