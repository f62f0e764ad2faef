// libsodium, made ready on first use: a command that signs nothing does not pay
// for it.
#pragma once

namespace wire {

// Call it before anything of libsodium whose speed or memory matters. Cheap
// when it has been called before; any thread.
void NeedSodium();

}  // namespace wire
