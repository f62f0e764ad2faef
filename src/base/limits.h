// Every limit on what comes from outside, in one place; limits(7) says the
// same for people.
#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>

namespace base {

// Parcels and channels (wire-format(7)).
inline constexpr size_t kMaxBodyBytes = 16 << 20;      // most kinds
inline constexpr size_t kMaxManifestBytes = 64 << 20;  // kind manifest
inline constexpr int kMaxWindowLog = 23;               // zstd: 8 MiB
inline constexpr size_t kMinCompressBytes = 256;
inline constexpr absl::Duration kMaxClockAhead = absl::Minutes(5);
inline constexpr absl::Duration kMaxClockBehind = absl::Minutes(5);
// A frame on a channel holds at most one parcel.
inline constexpr size_t kMaxFrameBytes = kMaxManifestBytes + 4096;
inline constexpr size_t kMaxHelloBytes = 4096;
inline constexpr absl::Duration kHandshakeTime = absl::Seconds(10);
inline constexpr absl::Duration kKeepAlive = absl::Seconds(15);
inline constexpr absl::Duration kDeadAfter = absl::Seconds(45);
inline constexpr int kMaxHandshakesPerAddress = 64;
inline constexpr int kMaxHandshakes = 1024;
// What a sender may have under way before the receiver grants more.
inline constexpr size_t kCreditBytes = 4 << 20;
inline constexpr int kDefaultPort = 7577;

// HTTP (mcfeely-server(8)).
inline constexpr size_t kMaxHttpTargetBytes = 4096;
inline constexpr size_t kMaxHttpHeadBytes = 16 << 10;
inline constexpr size_t kMaxHttpHeaders = 100;
inline constexpr size_t kMaxHttpConnections = 256;
inline constexpr size_t kMaxHttpStreams = 64;
inline constexpr absl::Duration kHttpHeadTime = absl::Seconds(10);
inline constexpr absl::Duration kHttpIdleTime = absl::Seconds(60);
inline constexpr absl::Duration kHttpStallTime = absl::Seconds(30);
inline constexpr size_t kMaxHttpStreamBytes = 256 << 10;
inline constexpr size_t kMaxHttpPendingBytes = 64 << 20;

inline constexpr size_t kMaxPrincipalBytes = 255;
inline constexpr size_t kMaxHostNameBytes = 253;  // RFC 1035, 2.3.4
inline constexpr size_t kMaxKeyFileBytes = 64 << 10;
inline constexpr size_t kMaxTrustFileBytes = 16 << 20;
inline constexpr size_t kMaxTrustLineBytes = 16 << 10;
inline constexpr size_t kMaxAgentMessageBytes = 256 << 10;  // as OpenSSH's

// Content: manifests and what they list.
inline constexpr size_t kMaxManifestEntries = 250'000;
inline constexpr size_t kMaxPathBytes = 4095;     // PATH_MAX and its end
inline constexpr size_t kMaxPathPartBytes = 255;  // NAME_MAX
inline constexpr size_t kMaxAccountNameBytes = 255;

// The store (distributed.md, part 3): the same in every engine.
inline constexpr size_t kMaxTxnOperations = 120;
inline constexpr size_t kMaxTxnConditions = 120;
inline constexpr size_t kMaxTxnBytes = 1 << 20;
inline constexpr size_t kMaxStoreKeyBytes = 1 << 10;
inline constexpr size_t kMaxStoreValueBytes = 512 << 10;

// McFeely.
inline constexpr size_t kMaxTasks = 100'000;    // in a job
inline constexpr size_t kMaxEdges = 1'000'000;  // in a job, flattened
inline constexpr size_t kMaxTaskArguments = 1024;
inline constexpr size_t kMaxTaskBytes = 128 << 10;  // all arguments
inline constexpr size_t kMaxJobFileBytes = 16 << 20;
inline constexpr size_t kMaxNameBytes = 64;   // of a task or group
inline constexpr size_t kMaxCommBytes = 255;  // NAME_MAX
inline constexpr size_t kMaxDescriptionBytes = 64 << 10;
inline constexpr size_t kMaxAddresses = 100;
inline constexpr size_t kMaxAddressBytes = 1024;
inline constexpr size_t kMaxJobKeyBytes = 512;
inline constexpr size_t kKeptOutputBytes = 64 << 10;      // head, and tail
inline constexpr size_t kMaxKeptOutputBytes = 128 << 10;  // of one task
inline constexpr size_t kMaxInputBytes = 1 << 20;         // of a comm
inline constexpr size_t kMaxInputs = 1000;                // of a job
inline constexpr size_t kMaxVariables = 100;              // of a comm
inline constexpr size_t kMaxVariableBytes = 32 << 10;     // all of them
inline constexpr size_t kMaxUserBytes = 64;
inline constexpr size_t kMaxPolicyBytes = 1 << 20;
inline constexpr size_t kMaxPolicyRules = 10'000;
inline constexpr size_t kMaxPolicyWordBytes = 1024;

// isinit.
inline constexpr size_t kMaxIsinitRequestBytes = 64 << 10;  // on its socket
inline constexpr size_t kMaxIsinitAnswerBytes = 16 << 20;
inline constexpr size_t kMaxIsinitClients = 1024;
// Kept for a client that does not read; then it is let go.
inline constexpr size_t kMaxIsinitUnsentBytes = 20 << 20;
inline constexpr absl::Duration kIsinitRequestTime = absl::Seconds(10);

// Many commands at once.
inline constexpr size_t kMaxItemBytes = 256 << 20;  // of a file of items

// Templates of commands, which items may be too.
inline constexpr size_t kMaxTemplateDepth = 100;  // %+ in %+, groups; [pairs]
inline constexpr size_t kMaxTemplates = 10'000;   // %+ and %t+ of one command
inline constexpr size_t kMaxTemplateBytes = 16 << 20;  // these, or a mixer make

}  // namespace base
