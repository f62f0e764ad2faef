// What commands are applied to: arguments in groups of `count`, from the
// command line, from files of items, or made elsewhere.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sys/fd.h"

namespace fanout {

// What one task is made from.
struct Group {
  std::vector<std::string> arguments;
  // Of each argument the file it came from ("-" is standard input); empty
  // unless the items come from files that tasks may name.
  std::vector<std::string> file_names;
  // What the task's number (%u) is, instead of the next one; and the host it is
  // about, for records. "" for neither.
  std::string number, host;
};

class Items {
 public:
  enum class Got {
    kGroup,
    kWait,  // nothing there yet: wait until wait_fd() is readable
    kEnd,
  };

  // InvalidArgument when the number of arguments is no multiple of `count`.
  static absl::StatusOr<Items> Of(std::vector<std::string> arguments,
                                  int count);
  // Files of items that end in `delimiter` (the last one may lack it), `count`
  // files at a time in step; the shorter ones go on with `pad`. "-" is standard
  // input, shared by all that are called so. All are opened here: NotFound and
  // the like name the file. InvalidArgument when the number of files is no
  // multiple of `count`.
  static absl::StatusOr<Items> OfFiles(std::vector<std::string> files,
                                       int count, std::string pad,
                                       char delimiter);
  // One file whose items are dealt out in groups, as if they stood on the
  // command line.
  static absl::StatusOr<Items> FromFile(const std::string& file, int count,
                                        char delimiter);

  // Groups that are made as they are asked for. `source` is called with an
  // empty group; while it answers kWait, `ready_fd` becomes readable as soon as
  // it is worth asking again. A failure of it is the end.
  using Source = std::function<absl::StatusOr<Got>(Group* group)>;
  static Items From(Source source, int ready_fd);

  // The next group. Never blocks for longer than a disk takes.
  // InvalidArgument for an item that cannot be an argument (a NUL in it): its
  // group is left out, the next call goes on behind it. Any other failure, and
  // InvalidArgument with `ended()`, is the end.
  absl::StatusOr<Got> Next(Group* group);
  // From now on a group is as many items as there are, at most `items` of them
  // and at most as many bytes as fit into one command.
  void Pack(int64_t items);
  int wait_fd() const { return wait_fd_; }
  bool ended() const { return ended_; }
  // Whether standard input is used up by items.
  bool uses_stdin() const { return uses_stdin_; }
  // Groups in all; -1 as long as that is not known.
  int64_t total() const { return total_; }

 private:
  struct Reader;
  enum class Line { kItem, kWait, kEnd };
  Items() = default;
  absl::StatusOr<std::shared_ptr<Reader>> OpenReader(const std::string& name);
  absl::StatusOr<Line> Read(Reader& reader, std::string* item);
  absl::StatusOr<Got> NextOfFiles(Group* group);
  absl::StatusOr<Got> NextDealt(Group* group);

  absl::StatusOr<Got> NextOne(Group* group);

  size_t count_ = 1;
  int64_t pack_ = 0;  // 0: does not
  Group packed_;      // so far; file_names is not used
  size_t packed_bytes_ = 0;
  std::optional<std::string> too_much_;  // for the group before
  char delimiter_ = '\n';
  std::string pad_;
  bool ended_ = false, uses_stdin_ = false;
  int wait_fd_ = -1;
  int64_t total_ = -1;

  Source source_;                       // From
  std::vector<std::string> arguments_;  // Of
  size_t at_ = 0;
  bool dealt_ = false;  // FromFile
  // Several places may share standard input.
  std::vector<std::shared_ptr<Reader>> readers_;
  std::shared_ptr<Reader> stdin_reader_;
  size_t first_reader_ = 0;  // of the files in step now
  // A group that waits for more: what it has so far.
  Group partial_;
  bool partial_has_item_ = false;
  absl::Status partial_error_;
};

}  // namespace fanout
