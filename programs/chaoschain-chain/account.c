/* account.c - chaoschain account new and list: keystores. */
#include "chain_program.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#define NEW "chaoschain account new"
#define LIST "chaoschain account list"
#define OUT_MAX (1024u * 1024u)
#define MAX_KEYSTORE (64u * 1024u)
#define MAX_FILES 1000
#define LIGHT_LOG_N 12 /* 17 is the default */

/* -------------------------------------------------------------------- new ---- */

enum {
    NEW_OPT_KEYSTORE,
    NEW_OPT_PASSPHRASE_FD,
    NEW_OPT_IMPORT_FD,
    NEW_OPT_LIGHT,
    NEW_OPT_JSON,
    NEW_OPT_HELP,
};

static const option_row new_rows[] = {
    [NEW_OPT_KEYSTORE] = { "--keystore", "FILE", 1, false, "where, or a name in the folder of keystores" },
    [NEW_OPT_PASSPHRASE_FD] = { "--passphrase-fd", "N", 1, false,
                                "read the passphrase there; asked on the terminal otherwise" },
    [NEW_OPT_IMPORT_FD] = { "--import-fd", "N", 1, false, "take the private key, 64 hex digits, from there" },
    [NEW_OPT_LIGHT] = { "--light", NULL, 1, false, "32 times easier to guess, and as much faster to open: for tests" },
    [NEW_OPT_JSON] = { "--json", NULL, 1, false, "one line of JSON" },
    [NEW_OPT_HELP] = { "--help", NULL, 0, false, "print this" },
};

static const option_table new_table = {
    .program = NEW,
    .synopsis = "Usage: " NEW " [--keystore FILE] [OPTION]...\n"
                "Makes a key, or takes one, and writes it to a keystore (Web3 version 3, mode 0600), which its\n"
                "passphrase opens. geth, Foundry and ethers read it.",
    .rows = new_rows,
    .count = CHAOS_ARRAY_SIZE(new_rows),
    .notes = "Exit code: 0 done, 5 environment (a file), 64 usage, 70 internal.",
};

/* --keystore as it is when it has a slash; else a name in the user's folder, by default one of the time. */
static chaos_status new_path(const char *given, chaos_buffer *path, chaos_error *err)
{
    char stamp[TIME_TEXT_SIZE];
    if (given != NULL && strchr(given, '/') != NULL) {
        return buffer_append_text(path, given) ? CHAOS_OK : no_memory(err);
    }
    CHAOS_TRY(keystore_folder(path, true, err));
    bool ok = given != NULL ? buffer_append_format(path, "/%s", given)
                            : buffer_append_format(path, "/account-%s.json", time_format((int64_t)time(NULL), stamp));
    return ok ? CHAOS_OK : no_memory(err);
}

/* 0, or the exit code after a message. The digits are wiped. */
static int read_private_key(const char *fd_text, uint8_t key[32])
{
    passphrase digits = { .size = 0 };
    int code = read_passphrase(NEW, fd_text, "", false, &digits);
    if (code != 0) {
        return code;
    }
    chaos_slice text = slice(digits.bytes, digits.size);
    if (text.size > 2 && text.data[0] == '0' && text.data[1] == 'x') {
        text = slice(text.data + 2, text.size - 2);
    }
    bool good = hex_decode(text, key, 32);
    passphrase_wipe(&digits);
    return good ? 0 : say_failure(NEW, EXIT_USAGE, "a private key is 64 hex digits");
}

static int say_new(bool as_json, const char *path, const chaos_address *address)
{
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    bool ok = true;
    if (as_json) {
        json_writer w = json_writer_begin(&out);
        json_write_object(&w, NULL);
        json_address(&w, "address", address);
        json_write_bytes_as_text(&w, "keystore", slice_text(path));
        json_write_text(&w, "schema", "chaoschain/account/1");
        json_write_object_end(&w);
        ok = json_writer_status(&w) == CHAOS_OK && buffer_append_text(&out, "\n");
    } else {
        ok = row_address(&out, "address", address) && row_bytes(&out, "keystore", slice_text(path));
    }
    return ok ? say_result(NEW, buffer_slice(&out), EXIT_AFFIRMING)
              : say_failure(NEW, EXIT_INTERNAL, "out of memory");
}

/* `key`: the private key to take, or NULL. */
static int create(const options *o, const char *path, uint8_t *key)
{
    CHAOS_AUTO(chaos_account, account);
    chaos_error err = { 0 };
    passphrase secret = { .size = 0 };
    chaos_keystore_options how = CHAOS_KEYSTORE_OPTIONS_INIT;
    how.private_key = key;
    if (options_has(o, NEW_OPT_LIGHT)) {
        how.scrypt_log_n = LIGHT_LOG_N;
    }
    int code = read_passphrase(NEW, options_value(o, NEW_OPT_PASSPHRASE_FD, 0), path, true, &secret);
    if (code != 0) {
        return code;
    }
    chaos_status status =
        chaos_account_create_keystore(path, slice(secret.bytes, secret.size), &how, &account, &err);
    passphrase_wipe(&secret);
    if (status != CHAOS_OK) {
        return chain_fault(NEW, &err);
    }
    chaos_address address = chaos_account_address(account);
    return say_new(options_has(o, NEW_OPT_JSON), path, &address);
}

int account_new(int argc, char **argv)
{
    options o;
    chaos_error err = { 0 };
    uint8_t key[32];
    CHAOS_AUTO_BUFFER(path, 4096);
    int code = options_parse(&new_table, argc, argv, &o);
    if (code != 0 || options_has(&o, NEW_OPT_HELP)) {
        return code != 0 ? code : options_help(&new_table);
    }
    if (new_path(options_value(&o, NEW_OPT_KEYSTORE, 0), &path, &err) != CHAOS_OK) {
        return chain_fault(NEW, &err);
    }
    const char *import = options_value(&o, NEW_OPT_IMPORT_FD, 0);
    code = import == NULL ? 0 : read_private_key(import, key);
    if (code == 0) {
        code = create(&o, (const char *)path.data, import == NULL ? NULL : key); /* it wipes the key */
    }
    explicit_bzero(key, sizeof key);
    return code;
}

/* ------------------------------------------------------------------- list ---- */

enum {
    LIST_OPT_FOLDER = NET_OPT_COUNT,
};

static const option_row list_rows[] = {
    NET_ROWS,
    [LIST_OPT_FOLDER] = { "--folder", "FOLDER", 1, false, "of keystores; that of 'account new' by default" },
};

static const option_table list_table = {
    .program = LIST,
    .synopsis = "Usage: " LIST " [--folder FOLDER] [OPTION]...\n"
                "Lists keystores and the addresses that they say they have; with --network or --rpc their balances,\n"
                "too. No passphrase is needed, so nothing is checked but the form.",
    .rows = list_rows,
    .count = CHAOS_ARRAY_SIZE(list_rows),
    .notes = CHAIN_EXIT_NOTES,
};

typedef struct keystore_entry {
    char name[256];
    chaos_address address;
    bool has_address;
} keystore_entry;

typedef struct keystore_list {
    chaos_buffer folder;
    keystore_entry *entries;
    size_t count;
} keystore_list;

/* The member "address", 40 hex digits: it is not secret and not proven. Files without one, or of other kinds, have
 * none. */
static bool read_address_member(const char *path, chaos_address *address, bool *is_keystore)
{
    CHAOS_AUTO_BUFFER(text, 0);
    chaos_slice key;
    bool found = false;
    json j;
    *is_keystore = false;
    if (input_read("--folder", path, MAX_KEYSTORE, &text, NULL) != CHAOS_OK || text.size > MAX_KEYSTORE) {
        return false;
    }
    json_begin(&j, buffer_slice(&text), CHAOS_E_KEYSTORE_FORMAT);
    json_enter_object(&j, "keystore");
    while (json_key(&j, &key)) {
        if (slice_is(key, "address") && json_peek(&j) == JSON_KIND_STRING) {
            chaos_slice digits = json_plain_string(&j, "address");
            bool prefixed = digits.size == 42 && digits.data[0] == '0' && (digits.data[1] | 0x20) == 'x';
            digits = prefixed ? slice(digits.data + 2, 40) : digits;
            found = hex_decode(digits, address->bytes, sizeof address->bytes);
        } else {
            *is_keystore = *is_keystore || slice_is(key, "crypto") || slice_is(key, "Crypto");
            json_skip(&j, "keystore", NULL);
        }
    }
    json_end(&j);
    *is_keystore = *is_keystore && json_ok(&j);
    return found && *is_keystore;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const keystore_entry *)a)->name, ((const keystore_entry *)b)->name);
}

static chaos_status read_entry(keystore_list *l, const char *name, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(path, 8192);
    struct stat status;
    keystore_entry entry = { .has_address = false };
    bool is_keystore = false;
    if (!buffer_append_format(&path, "%s/%s", (const char *)l->folder.data, name)) {
        return no_memory(err);
    }
    if (stat((const char *)path.data, &status) != 0 || !S_ISREG(status.st_mode)) {
        return CHAOS_OK;
    }
    entry.has_address = read_address_member((const char *)path.data, &entry.address, &is_keystore);
    if (!is_keystore) {
        return CHAOS_OK;
    }
    if (l->count == MAX_FILES) {
        return error_set(err, CHAOS_E_LIMIT, "--folder", CHAOS_NO_OFFSET, "more than %d keystores", MAX_FILES);
    }
    (void)snprintf(entry.name, sizeof entry.name, "%s", name);
    l->entries[l->count++] = entry;
    return CHAOS_OK;
}

static chaos_status read_folder(const options *o, keystore_list *l, chaos_error *err)
{
    const char *given = options_value(o, LIST_OPT_FOLDER, 0);
    if (given == NULL) {
        CHAOS_TRY(keystore_folder(&l->folder, false, err));
    } else if (!buffer_append_text(&l->folder, given)) {
        return no_memory(err);
    }
    l->entries = calloc(MAX_FILES, sizeof *l->entries);
    if (l->entries == NULL) {
        return no_memory(err);
    }
    DIR *folder = opendir((const char *)l->folder.data);
    if (folder == NULL && errno == ENOENT && given == NULL) {
        return CHAOS_OK; /* nobody made one yet */
    }
    if (folder == NULL) {
        return error_set(err, CHAOS_E_FILE_IO, "--folder", CHAOS_NO_OFFSET, "cannot read '%s': %s",
                         shown((const char *)l->folder.data).text, strerror(errno));
    }
    chaos_status status = CHAOS_OK;
    const struct dirent *entry;
    while (status == CHAOS_OK && (entry = readdir(folder)) != NULL) {
        status = read_entry(l, entry->d_name, err);
    }
    (void)closedir(folder);
    qsort(l->entries, l->count, sizeof *l->entries, by_name);
    return status;
}

/* The balance, where a chain is named; *has: there is one to show. */
static chaos_status read_balance(const chain_session *s, const keystore_entry *e, bool *has, chaos_u256 *wei,
                                 chaos_error *err)
{
    *has = s->rpc != NULL && e->has_address;
    return *has ? chaos_rpc_balance(s->rpc, &e->address, NULL, wei, err) : CHAOS_OK;
}

static chaos_status list_json(const chain_session *s, const keystore_list *l, chaos_buffer *out, chaos_error *err)
{
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_array(&w, "accounts");
    for (size_t i = 0; i < l->count; i++) {
        const keystore_entry *e = &l->entries[i];
        chaos_u256 wei = { { 0 } };
        bool has_balance = false;
        CHAOS_TRY(read_balance(s, e, &has_balance, &wei, err));
        json_write_object(&w, NULL);
        json_write_text(&w, "address", e->has_address ? address_of(&e->address).text : NULL);
        if (has_balance) {
            json_u256(&w, "balance", &wei);
        }
        json_write_bytes_as_text(&w, "keystore", slice_text(e->name));
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_bytes_as_text(&w, "folder", buffer_slice(&l->folder));
    json_write_text(&w, "schema", "chaoschain/accounts/1");
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n") ? CHAOS_OK : no_memory(err);
}

static chaos_status list_text(const chain_session *s, const keystore_list *l, chaos_buffer *out, chaos_error *err)
{
    const char *folder = (const char *)l->folder.data;
    bool ok = l->count > 0 || buffer_append_format(out, "There are no keystores in %s.\n", shown(folder).text);
    for (size_t i = 0; ok && i < l->count; i++) {
        const keystore_entry *e = &l->entries[i];
        char ether[ETHER_TEXT_SIZE] = "";
        chaos_u256 wei = { { 0 } };
        bool has_balance = false;
        CHAOS_TRY(read_balance(s, e, &has_balance, &wei, err));
        ok = buffer_append_format(out, "%-42s  %s", e->has_address ? address_of(&e->address).text : "(not told)",
                                  shown(e->name).text);
        ok = ok && (!has_balance || buffer_append_format(out, "  %s ETH", ether_text(&wei, ether))) &&
             buffer_append_text(out, "\n");
    }
    return ok ? CHAOS_OK : no_memory(err);
}

static chaos_status list(chain_session *s, const options *o, keystore_list *l, chaos_buffer *out, chaos_error *err)
{
    s->json = options_has(o, NET_OPT_JSON);
    CHAOS_TRY(read_folder(o, l, err));
    if (options_has(o, NET_OPT_NETWORK) || options_has(o, NET_OPT_RPC)) {
        CHAOS_TRY(session_read(s, o, LIST, NULL, err));
        CHAOS_TRY(session_connect(s, err));
    }
    return s->json ? list_json(s, l, out, err) : list_text(s, l, out, err);
}

int account_list(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    keystore_list l = { .folder = CHAOS_BUFFER_INIT(4096) };
    chain_session s = { .program = LIST };
    int code = session_options(&list_table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    code = list(&s, &o, &l, &out, &err) == CHAOS_OK ? say_result(LIST, buffer_slice(&out), EXIT_AFFIRMING)
                                                    : session_fault(&s, &err);
    session_close(&s);
    chaos_buffer_free(&l.folder);
    free(l.entries);
    return code;
}
