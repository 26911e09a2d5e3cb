"""A user's program with a mistake in each marked line, for types.sh."""

import chaoschain_tee as c
from chaoschain_tee.providers.tee import TEEProvider, get_phala_dstack_tee

c.verify("quote", None)  # wrong: incompatible type "str"
c.verify(b"quote", 5)  # wrong: incompatible type "int"
c.verify(b"quote", None, 1767225600)  # wrong: Too many positional arguments
c.verify(b"quote", None, trust_roots=5)  # wrong: incompatible type "int"
c.verify(b"quote", None).tier = "AFFIRMING"  # wrong: read-only
c.verify(b"quote", None).tcb["status"]  # wrong: is not indexable
c.Expectation(nonces=5)  # wrong: Unexpected keyword argument
tee = get_phala_dstack_tee()()
tee.sign("text", tee.generate_key())  # wrong: incompatible type "str"
tee.sign(b"x", "keypair")  # wrong: incompatible type "str"
provider: TEEProvider = object()  # wrong: Incompatible types in assignment
