/* guest_info.c - Info and Version: what the simulated guest says about itself. None of it is attested. */
#include <stdio.h>

#include "sim/guest_state.h"

#define NO_DEVICE "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" /* SHA-256 of nothing */

static void write_register(json_writer *w, const char *key, const guest *g, size_t offset)
{
    json_write_hex(w, key, slice(g->r.quote.body + offset, SHA384_SIZE));
}

static chaos_slice payload_of(const guest *g, size_t place)
{
    const event_spec *event = &g->r.log.events[place];
    return slice(event->payload, event->payload_size);
}

/* The three fields that the host may fill (configuration, owner, owner's configuration) count when one is not zero. */
chaos_sha256 guest_mr_aggregated(const guest *g)
{
    static const uint8_t nothing[3 * SHA384_SIZE];
    uint8_t registers[5 * SHA384_SIZE];
    const uint8_t *of_host = g->r.quote.body + TD_MR_TD + SHA384_SIZE;
    bool none = memcmp(of_host, nothing, sizeof nothing) == 0;
    memcpy(registers, g->r.quote.body + TD_MR_TD, SHA384_SIZE);
    memcpy(registers + SHA384_SIZE, g->r.quote.body + TD_RTMR, 4 * SHA384_SIZE);
    return hash_sha256_two(slice(registers, sizeof registers), slice(of_host, none ? 0 : sizeof nothing));
}

chaos_sha256 guest_mr_system(const guest *g)
{
    uint8_t all[4 * SHA384_SIZE];
    chaos_sha256 key_provider = hash_sha256(payload_of(g, EVENT_KEY_PROVIDER));
    memcpy(all, g->r.quote.body + TD_MR_TD, SHA384_SIZE);
    memcpy(all + SHA384_SIZE, g->r.quote.body + TD_RTMR, 3 * SHA384_SIZE);
    return hash_sha256_two(slice(all, sizeof all), slice(key_provider.bytes, sizeof key_provider.bytes));
}

const char *guest_vm_config(const guest *g, char out[GUEST_VM_CONFIG_SIZE])
{
    char image[2 * 32 + 1] = { 0 };
    hex_encode(payload_of(g, EVENT_OS_IMAGE_HASH), image);
    (void)snprintf(out, GUEST_VM_CONFIG_SIZE,
                   "{\"cpu_count\":1,\"memory_size\":2147483648,\"os_image_hash\":\"%s\",\"simulated\":true}", image);
    return out;
}

static bool write_tcb_info(const guest *g, chaos_buffer *text)
{
    chaos_sha256 mr = guest_mr_aggregated(g);
    json_writer w = json_writer_begin(text);
    json_write_object(&w, NULL);
    json_write_bytes_as_text(&w, "app_compose", buffer_slice(&g->app_compose));
    json_write_hex(&w, "compose_hash", slice(g->compose_hash.bytes, sizeof g->compose_hash.bytes));
    json_write_text(&w, "device_id", NO_DEVICE);
    json_write_hex(&w, "mr_aggregated", slice(mr.bytes, sizeof mr.bytes));
    write_register(&w, "mrtd", g, TD_MR_TD);
    json_write_hex(&w, "os_image_hash", payload_of(g, EVENT_OS_IMAGE_HASH));
    write_register(&w, "rtmr0", g, TD_RTMR);
    write_register(&w, "rtmr1", g, TD_RTMR + SHA384_SIZE);
    write_register(&w, "rtmr2", g, TD_RTMR + 2 * SHA384_SIZE);
    write_register(&w, "rtmr3", g, TD_RTMR + 3 * SHA384_SIZE);
    json_write_object_end(&w);
    if (json_writer_status(&w) != CHAOS_OK) {
        return false;
    }
    text->size--; /* the log is JSON already: it goes in as it stands */
    return buffer_append_text(text, ",\"event_log\":") && buffer_append(text, buffer_slice(&g->log)) &&
           buffer_append_text(text, "}");
}

void guest_info(guest *g, const guest_arguments *a, guest_answer *answer)
{
    CHAOS_AUTO_BUFFER(tcb, GUEST_MAX_REPLY / 2);
    chaos_sha256 mr = guest_mr_aggregated(g);
    char vm_config[GUEST_VM_CONFIG_SIZE];
    json_writer *w = &answer->w;
    (void)a;
    if (!write_tcb_info(g, &tcb)) {
        guest_fault(answer);
        return;
    }
    json_write_object(w, NULL);
    json_write_bytes_as_text(w, "app_cert", buffer_slice(&g->app_cert));
    json_write_hex(w, "app_id", slice(g->app_id, sizeof g->app_id));
    json_write_text(w, "app_name", g->app_name);
    json_write_text(w, "cloud_product", "simulator");
    json_write_text(w, "cloud_vendor", "ChaosChain");
    json_write_hex(w, "compose_hash", slice(g->compose_hash.bytes, sizeof g->compose_hash.bytes));
    json_write_text(w, "device_id", NO_DEVICE);
    json_write_hex(w, "instance_id", payload_of(g, EVENT_INSTANCE_ID));
    json_write_bytes_as_text(w, "key_provider_info", payload_of(g, EVENT_KEY_PROVIDER));
    json_write_hex(w, "mr_aggregated", slice(mr.bytes, sizeof mr.bytes));
    json_write_hex(w, "os_image_hash", payload_of(g, EVENT_OS_IMAGE_HASH));
    json_write_bytes_as_text(w, "tcb_info", buffer_slice(&tcb));
    json_write_text(w, "vm_config", guest_vm_config(g, vm_config));
    json_write_object_end(w);
}

void guest_version(guest *g, const guest_arguments *a, guest_answer *answer)
{
    (void)g;
    (void)a;
    json_write_object(&answer->w, NULL);
    json_write_text(&answer->w, "rev", "chaoschain-simulator-" CHAOS_VERSION_STRING);
    json_write_text(&answer->w, "version", GUEST_VERSION);
    json_write_object_end(&answer->w);
}
