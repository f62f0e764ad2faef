// Limits on what power controllers may send and be sent, and on what device
// files and transcripts may hold; limits(7) says the same for people.
#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>

namespace power {

// Device files (device(5)).
inline constexpr size_t kMaxDeviceFileBytes = 4 << 20;
inline constexpr size_t kMaxDeviceFiles = 1024;          // one and its includes
inline constexpr size_t kMaxDeviceTextBytes = 32 << 20;  // all of them
inline constexpr int kMaxIncludeDepth = 10;
inline constexpr size_t kMaxDeviceStringBytes = 8191;
inline constexpr size_t kMaxPatternBytes = 256;
inline constexpr int kMaxPatternCopies = 4096;  // product of what {N} repeats
inline constexpr int kMaxPatternGroups = 20;    // as many as $N reaches
inline constexpr int kMaxBlockDepth = 16;
inline constexpr size_t kMaxStatements = 100'000;  // of one file
inline constexpr size_t kMaxSpecifications = 10'000;
inline constexpr size_t kMaxPlugs = 4096;  // of one specification
inline constexpr size_t kMaxDeviceProblems = 1000;
inline constexpr absl::Duration kMaxDeviceSpan = absl::Hours(24);

// Inventories (pcu-inventory(5)) and what is chosen of them.
inline constexpr size_t kMaxPcus = 65'536;
inline constexpr size_t kMaxHosts = 65'536;
inline constexpr size_t kMaxHostSets = 10'000;  // groups, aliases
// What all ranges of an inventory mean together.
inline constexpr size_t kMaxInventoryNames = 1 << 20;
inline constexpr int kMaxGroupDepth = 100;  // groups in groups
inline constexpr int kMaxParentDepth = 16;  // parents of parents
inline constexpr size_t kMaxFeeds = 16;     // of one host
inline constexpr size_t kMaxNameBytes = 255;
inline constexpr size_t kMaxTargets = 65'536;
inline constexpr size_t kMaxTargetFileBytes = 4 << 20;
inline constexpr size_t kMaxRecordsBytes = 16 << 20;  // of an imported list

// Secrets.
inline constexpr size_t kMaxSecretBytes = 4096;
inline constexpr size_t kMaxSecrets = 4096;  // of a store
inline constexpr size_t kMaxSecretFileBytes = 64
                                              << 10;  // its first line is one
inline constexpr size_t kMaxSecretStoreBytes = 4 << 20;
inline constexpr size_t kMaxLockoutBytes = 4 << 20;  // of the file
inline constexpr size_t kMaxRefusals = 4096;         // that are remembered

// Dialogues.
inline constexpr size_t kMatchBufferBytes = 64 << 10;
// What a device may print without being what is waited for.
inline constexpr size_t kMaxUnmatchedBytes = 1 << 20;
inline constexpr size_t kRecentBytes = 200;  // of a device, in a failure
inline constexpr size_t kMaxTelnetOptionBytes = 4096;  // one subnegotiation
inline constexpr size_t kMaxSentBytes = 1 << 20;       // by one script
inline constexpr int64_t kMaxSteps = 1'000'000;        // of one script
inline constexpr int kMaxAgain = 1000;                 // `again` without max
// What was sent last may take so long to arrive before a line is cut.
inline constexpr absl::Duration kLeaveTime = absl::Seconds(1);
inline constexpr size_t kMaxSshTextBytes = 64 << 10;  // of the ssh program
inline constexpr size_t kMaxAskpassBytes = 4096;      // a question, an answer
inline constexpr size_t kMaxSshPasswordBytes = 1023;  // ssh reads no more

// Transcripts.
inline constexpr size_t kMaxTranscriptBytes = 64 << 20;
inline constexpr size_t kMaxTranscriptEvents = 1'000'000;

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

// Web servers: Redfish, WS-Man, RIBCL, and pages of strips.
inline constexpr size_t kMaxWebHeadBytes = 64 << 10;  // of an answer
inline constexpr size_t kMaxWebBodyBytes = 4 << 20;   // of an answer
inline constexpr size_t kMaxWebUserBytes = 256;
inline constexpr size_t kMaxWebPasswordBytes = 1024;
inline constexpr size_t kMaxRedfishMembers = 4096;  // looked at
inline constexpr size_t kMaxMarkupItems = 100'000;  // elements of an answer
inline constexpr absl::Duration kMaxRetryAfter = absl::Seconds(60);
inline constexpr size_t kMaxPromptLineBytes = 64
                                              << 10;  // of a prompt's command
inline constexpr size_t kMaxCookies = 64;

// Conversations by datagrams that are under way at once; others wait.
inline constexpr size_t kMaxDatagramJobs = 1024;
// Controllers whose ways are remembered for the next time.
inline constexpr size_t kMaxRememberedControllers = 65'536;

// The journal: the oldest records go when its store has grown to this.
inline constexpr int64_t kMaxJournalBytes = 64 << 20;
// powerman's protocol, at either end.
inline constexpr size_t kMaxPowermanLineBytes = 131'072;  // its end not counted
inline constexpr size_t kMaxPowermanHosts = 65'536;       // of one command
inline constexpr size_t kMaxPowermanClients = 256;
// What a client may leave unread; beyond it nothing more is read of it, and one
// with four times as much is left alone.
inline constexpr size_t kMaxPowermanUnreadBytes = 4 << 20;
// A client that takes nothing of what waits for it.
inline constexpr absl::Duration kPowermanStallTime = absl::Seconds(60);
// A client that asks for nothing.
inline constexpr absl::Duration kPowermanIdleTime = absl::Hours(1);
// One line of a server's answer: it may name every host there is.
inline constexpr size_t kMaxPowermanAnswerLineBytes = 4 << 20;

// Requests by way of another host (pcu-reboot --via).
inline constexpr size_t kMaxRelayRequestBytes = 8 << 20;
inline constexpr size_t kMaxRelayWordBytes = 4096;  // a target, an exclusion
inline constexpr absl::Duration kMaxRelaySpan = absl::Hours(24);
inline constexpr size_t kMaxRelayAnswerBytes = 4 << 20;  // one message of them
inline constexpr size_t kMaxRelayTextBytes = 64 << 10;   // a text in one
inline constexpr size_t kMaxRelayPlanBytes = 2 << 20;    // of a dry run
inline constexpr size_t kMaxRelayRequests = 64;          // under way
inline constexpr size_t kMaxRelayChannels = 256;
// What may wait for a slow asker before traces are left out.
inline constexpr size_t kMaxRelayUnreadBytes = 4 << 20;
// Requests that are remembered, so that none is carried out twice.
inline constexpr size_t kMaxSeenRequests = 65'536;

// Options of fence_pcu on its standard input.
inline constexpr size_t kMaxFenceInputBytes = 64 << 10;

// Lines to the built-in co-processes.
inline constexpr size_t kMaxHelperLineBytes = 8192;
inline constexpr size_t kMaxHelperHosts = 4096;

// A port of UDP that nobody listens on is asked so often, again so soon after
// each refusal: a controller that begins anew refuses for a moment.
inline constexpr int kMaxUnreachable = 3;
inline constexpr absl::Duration kUnreachableRest = absl::Milliseconds(30);

}  // namespace power
