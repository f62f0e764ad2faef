// A receiver as the controller's exchange sees it: the messages one could send.
#pragma once

#include <string>
#include <vector>

#include "msrc/exchange.h"
#include "wire/content_hash.h"
#include "wire/manifest.h"
#include "wire/message.h"

namespace msrc_test {

using fleetbox::wire::Applied;
using fleetbox::wire::FromController;
using fleetbox::wire::FromReceiver;

inline wire::Entry FileEntry(const std::string& path,
                             const std::string& content) {
  wire::Entry entry;
  entry.path = path;
  entry.mode = 0644;
  const wire::ContentDigest digest =
      wire::DigestOf(content, wire::Cut::kByContent);
  entry.bytes = digest.bytes;
  entry.hash = digest.hash;
  entry.chunks = digest.chunks;
  entry.chunk_bytes = digest.chunk_bytes;
  return entry;
}

inline std::string Hello(const std::string& nonce = std::string(16, 'n'),
                         uint32_t protocol = 1) {
  FromReceiver m;
  m.mutable_hello()->set_protocol(protocol);
  m.mutable_hello()->set_software("fleetbox 0.1");
  m.mutable_hello()->set_platform("Linux x86_64");
  m.mutable_hello()->set_user("ops");
  m.mutable_hello()->set_nonce(nonce);
  return wire::Serialize(m);
}
inline std::string NeedOf(const std::vector<uint32_t>& entries) {
  FromReceiver m;
  m.mutable_need();
  for (uint32_t e : entries) m.mutable_need()->add_want()->set_entry(e);
  return wire::Serialize(m);
}
inline std::string AppliedOf(Applied::Outcome outcome, uint32_t status = 0,
                             const std::string& error = "") {
  FromReceiver m;
  m.mutable_applied()->set_outcome(outcome);
  m.mutable_applied()->set_status(status);
  m.mutable_applied()->set_error(error);
  return wire::Serialize(m);
}
inline std::string OutputOf(uint32_t stream, const std::string& bytes) {
  FromReceiver m;
  m.mutable_output()->set_stream(stream);
  m.mutable_output()->set_bytes(bytes);
  return wire::Serialize(m);
}
inline std::string EndedOf(uint32_t code, uint32_t signal = 0,
                           const std::string& error = "") {
  FromReceiver m;
  m.mutable_ended()->set_exit_code(code);
  m.mutable_ended()->set_signal(signal);
  m.mutable_ended()->set_error(error);
  return wire::Serialize(m);
}

}  // namespace msrc_test
