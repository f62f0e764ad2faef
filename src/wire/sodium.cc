#include "wire/sodium.h"

#include <sodium.h>

#include "base/status.h"

namespace wire {

void NeedSodium() {
  static const bool ready = sodium_init() >= 0;
  MUST(ready);
}

}  // namespace wire
