/* fuzz_kms_chain.c - a signature chain that is read is written as a text that reads the same. */
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CHAOS_AUTO_BUFFER(text, 8192);
    kms_chain chain;
    kms_chain again;
    fault why;
    if (!kms_chain_read(slice(data, size), &chain, &why)) {
        require(why.status != CHAOS_OK && why.field != NULL);
        require(chain.path.data == NULL && chain.purpose.data == NULL && !chain.has_root_link);
        return 0;
    }
    require(chain.path.size <= 256 && chain.purpose.size <= 256);
    require(kms_chain_write(&chain, &text));
    require(text.size <= size); /* the text of the writer is the shortest */
    require(kms_chain_read(buffer_slice(&text), &again, &why));
    require(slice_equal(chain.path, again.path) && slice_equal(chain.purpose, again.purpose));
    require(memcmp(chain.key_link, again.key_link, sizeof chain.key_link) == 0);
    require(chain.has_root_link == again.has_root_link);
    require(memcmp(chain.root_link, again.root_link, sizeof chain.root_link) == 0);
    return 0;
}
