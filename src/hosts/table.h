// The hosts and their attributes, joined from all files. Pure.
//
// A host is known by its key attribute (HOST, if nothing else is asked for),
// letters of either case being the same. Its attributes keep the order in which
// the files first mentioned them.
//
// Joiner is told what a file says, line by line, and fills the table:
//
//   - an assignment is in force for the rows behind it, to the end of its file;
//   - a header names the columns of the rows behind it, and unsets the columns
//     of the header before it and its own;
//   - a row is a host: what is assigned, and its columns. The first definition
//     of an attribute of a host wins, over all files;
//   - at the end of a file the columns are unset. What is still assigned at the
//     end of a kDefaults file becomes a default for all hosts, where a later
//     file replaces what an earlier one said.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hosts/text_pool.h"

namespace hosts {

// An attribute of a host: numbers of its name and its value.
struct Attribute {
  uint32_t name = 0, value = 0;
  bool operator==(const Attribute&) const = default;
};

class Table {
 public:
  explicit Table(absl::string_view key) { names_.Add(key); }

  size_t size() const { return hosts_.size(); }
  absl::string_view key() const { return names_.Get(0); }
  // The value of the key attribute, as first spelled.
  absl::string_view HostName(size_t host) const {
    return values_.Get(hosts_[host].key);
  }
  // How many kHosts and kDefaults files mention it.
  int Mentions(size_t host) const { return hosts_[host].mentions; }
  absl::Span<const Attribute> Attributes(size_t host) const {
    return hosts_[host].attributes;
  }
  // Whoever calls it; none for a host that is not known.
  std::optional<size_t> Find(absl::string_view host_name) const;

  // All names that occur, in the order they were first seen; the key is 0.
  size_t name_count() const { return names_.size(); }
  absl::string_view Name(uint32_t number) const { return names_.Get(number); }
  absl::string_view Value(uint32_t number) const { return values_.Get(number); }
  std::optional<uint32_t> FindName(absl::string_view name) const {
    return names_.Find(name);
  }
  std::optional<absl::string_view> Get(size_t host, uint32_t name) const;
  std::optional<absl::string_view> Get(size_t host,
                                       absl::string_view name) const;

 private:
  friend class Joiner;
  struct Host {
    uint32_t key = 0;  // a value
    int mentions = 0;
    int last_file = -1;
    std::vector<Attribute> attributes;
  };

  TextPool names_, values_;
  std::vector<Host> hosts_;
  absl::flat_hash_map<std::string, uint32_t> by_key_;  // in lower case
};

enum class FileKind {
  kDefaults,       // -Z
  kHosts,          // -C
  kExtra,          // -X: adds to hosts that are known, makes none
  kDefaultsExtra,  // a -Z that is a -X as well: makes none and counts for none
};

class Joiner {
 public:
  // Fills `table`, which is borrowed.
  explicit Joiner(Table& table);

  // Files come in this order: kDefaults, kHosts, kExtra.
  void BeginFile(FileKind kind);
  // The number of an attribute's name. InvalidArgument when there are too many.
  absl::StatusOr<uint32_t> Name(absl::string_view name);
  static constexpr uint32_t kDropped = ~uint32_t{0};  // a column of no name
  void Header(std::vector<uint32_t> columns);
  absl::Span<const uint32_t> columns() const { return columns_; }
  // No value: it is unset from here on.
  void Assign(uint32_t name, std::optional<absl::string_view> value, int line);
  // A column of the row that is being read.
  void Column(size_t column, std::optional<absl::string_view> value);
  // The row is complete. False when it has no key, and is left out.
  // InvalidArgument when the table gets too large.
  absl::StatusOr<bool> EndRow();
  struct LostDefault {
    uint32_t name;
    int line;
  };
  // The defaults that this kDefaults file gives and takes back, since they are
  // columns of its last header.
  std::vector<LostDefault> EndFile();
  // After all files: defaults for whoever lacks them.
  void Finish();

 private:
  static constexpr uint32_t kUnset = ~uint32_t{0};
  void Set(uint32_t name, uint32_t value);
  void Add(Table::Host& host);

  Table& table_;
  FileKind kind_ = FileKind::kHosts;
  int file_ = -1;
  size_t values_ = 0;               // of all hosts
  std::vector<uint32_t> state_;     // by name: a value, or kUnset
  std::vector<uint32_t> position_;  // by name: in order_, or kUnset
  std::vector<uint32_t> order_;     // names, in the order first set
  std::vector<uint32_t> columns_;
  std::vector<int> assigned_;  // by name: the line, 0 for none
  // By name: the last use of Add that met it, so that no host is searched for
  // each of its attributes.
  std::vector<uint32_t> met_;
  uint32_t meeting_ = 0;
  std::vector<uint32_t> defaults_;  // by name
  std::vector<uint32_t> default_order_;
};

}  // namespace hosts
