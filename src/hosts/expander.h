// Makes of the operands what a host gets: words for its command, and files.
//
// Order is what others may rely on: hosts in election order, operands from left
// to right, never two at once; a text that runs a command may change what later
// ones see. Most texts do no such thing, and then nobody can tell that several
// hosts are expanded at once: Try does that, on any thread, and notices when it
// would have done more than make text. Then its result is void, and so are all
// later ones: from that host on Expand does it, in order.
#pragma once

#include <absl/status/statusor.h>
#include <absl/types/span.h>

#include <optional>
#include <string>
#include <vector>

#include "hosts/cache.h"
#include "hosts/operands.h"
#include "hosts/stream.h"

namespace hosts {

// What was made for one host. Its files are removed with it.
class HostTexts {
 public:
  HostTexts() = default;
  HostTexts(HostTexts&& other) noexcept;
  HostTexts& operator=(HostTexts&& other) noexcept;
  ~HostTexts();

  // 0, or 1000 + n and 2000 + n with the reason: then there are no words.
  Failure failure;
  // For each operand the expanded text, or the path of its file.
  std::vector<std::string> words;
  std::string messages;  // what m4 said, for standard error
  // Where all its files are; "" while there are none.
  const std::string& folder() const { return folder_; }
  // Names of attributes that others have and this host has not, left in the
  // control as they were.
  std::vector<std::string> unset;

 private:
  friend class Expander;
  std::string folder_;  // with all of its files; "" for none
};

class Expander {
 public:
  // All are borrowed; `work` is the path of the run's private folder. The first
  // operand is the control.
  Expander(const Streams& streams, absl::Span<const Operand> operands,
           std::string work);

  // For the host that is number `position` of the elected. A failure that is
  // not the host's alone (no room on the disk, interrupted) is a status.
  absl::StatusOr<HostTexts> Expand(size_t host, size_t position) const;
  // The same without side effects, from any thread; none if it has some.
  std::optional<absl::StatusOr<HostTexts>> Try(size_t host,
                                               size_t position) const;

  // Where an operand's file for a host is, whether it exists or not.
  std::string PathFor(size_t operand, size_t host, size_t position) const;

 private:
  absl::StatusOr<HostTexts> ExpandIn(StreamSystem::Mode mode, size_t host,
                                     size_t position, bool* void_result) const;
  absl::StatusOr<std::string> ExpandOne(StreamSystem::Mode mode, size_t which,
                                        size_t host, size_t position,
                                        HostTexts& texts,
                                        bool* void_result) const;
  absl::Status WriteOutput(size_t which, size_t host, size_t position,
                           absl::string_view text, HostTexts& texts) const;
  void DefineAll(Stream& stream, size_t host, size_t position) const;

  const Streams& streams_;
  absl::Span<const Operand> operands_;
  std::string work_;
  // By operand: the folder it shares with no other of the same name.
  std::vector<size_t> folder_of_;
};

// Words of `text` that are written in capitals, are attributes of some host and
// not of this one: a macro that was not set stays as its name.
std::vector<std::string> UnsetIn(absl::string_view text, const Table& table,
                                 size_t host);

}  // namespace hosts
