// Limits on what power controllers may send, and on what they may be sent.
#pragma once

#include <cstddef>

namespace power {

// IPMI over LAN. The longest answer we ask for has less than 100 bytes.
inline constexpr size_t kMaxIpmiDatagramBytes = 1024;
inline constexpr size_t kMaxIpmiUserBytes = 16;
inline constexpr size_t kMaxIpmiPasswordBytes = 20;

// SNMP. An answer holds the few values that were asked for.
inline constexpr size_t kMaxSnmpDatagramBytes = 8192;
inline constexpr size_t kMaxSnmpBindings = 64;
inline constexpr size_t kMaxSnmpOidParts = 128;     // RFC 2578, section 7.1.3
inline constexpr size_t kMaxSnmpValueBytes = 4096;  // of a string
inline constexpr size_t kMaxSnmpEngineBytes = 32;   // RFC 3411
inline constexpr size_t kMaxSnmpUserBytes = 32;     // RFC 3414
inline constexpr size_t kMaxSnmpCommunityBytes = 255;

// Conversations by datagrams that are under way at once; others wait.
inline constexpr size_t kMaxDatagramJobs = 1024;
// Controllers whose ways are remembered for the next time.
inline constexpr size_t kMaxRememberedControllers = 65'536;

}  // namespace power
