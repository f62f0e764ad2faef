#include "fanout/items.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "sys/file.h"

namespace fanout {
namespace {

constexpr size_t kReadBytes = 64 << 10;

absl::Status NotDivisible(size_t n, int count) {
  return absl::InvalidArgumentError(absl::StrCat(
      n, " arguments is not a multiple of hunk size (", count, ")"));
}

}  // namespace

struct Items::Reader {
  std::string name;
  sys::Fd file;        // not for standard input
  int fd = -1;         // what is read
  bool waits = false;  // a read may block: ask first
  bool at_end = false;
  std::string buffer;
  size_t from = 0;      // buffer[from..] is unread,
  size_t searched = 0;  // and buffer[from..searched] holds no delimiter
  int64_t number = 0;   // of items read
};

absl::StatusOr<Items> Items::Of(std::vector<std::string> arguments, int count) {
  if (arguments.size() % count != 0) {
    return NotDivisible(arguments.size(), count);
  }
  Items items;
  items.count_ = count;
  items.total_ = arguments.size() / count;
  items.arguments_ = std::move(arguments);
  return items;
}

absl::StatusOr<std::shared_ptr<Items::Reader>> Items::OpenReader(
    const std::string& name) {
  if (name == "-" && stdin_reader_ != nullptr) return stdin_reader_;
  auto reader = std::make_shared<Reader>();
  reader->name = name;
  if (name == "-") {
    reader->fd = 0;
    uses_stdin_ = true;
    stdin_reader_ = reader;
  } else {
    TRY_ASSIGN(reader->file, sys::Open(name, O_RDONLY));
    reader->fd = reader->file.get();
  }
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(reader->fd));
  if (info.folder) return base::SysError(EISDIR, name);
  reader->waits = !info.regular;
  return reader;
}

absl::StatusOr<Items> Items::OfFiles(std::vector<std::string> files, int count,
                                     std::string pad, char delimiter) {
  if (files.size() % count != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        files.size(), " files: not divisable by hunk size (", count, ")"));
  }
  Items items;
  items.count_ = count;
  items.pad_ = std::move(pad);
  items.delimiter_ = delimiter;
  for (const std::string& file : files) {
    TRY_ASSIGN(auto reader, items.OpenReader(file));
    items.readers_.push_back(std::move(reader));
  }
  return items;
}

absl::StatusOr<Items> Items::FromFile(const std::string& file, int count,
                                      char delimiter) {
  TRY_ASSIGN(Items items, OfFiles({file}, 1, "", delimiter));
  items.dealt_ = true;
  items.count_ = count;
  return items;
}

Items Items::From(Source source, int ready_fd) {
  Items items;
  items.source_ = std::move(source);
  items.wait_fd_ = ready_fd;
  return items;
}

void Items::Pack(int64_t items) {
  pack_ = items;
  total_ = -1;
}

// Quoted, an item may take some bytes more, and beside the command the kernel
// wants room for the environment: half of what one string may have.
absl::StatusOr<Items::Got> Items::Next(Group* group) {
  if (pack_ == 0) return NextOne(group);
  constexpr size_t kMaxPackedBytes = 64 << 10;
  for (;;) {
    Group next;
    Got got = Got::kGroup;
    if (too_much_) {
      next.arguments = {*std::exchange(too_much_, std::nullopt)};
    } else {
      TRY_ASSIGN(got, NextOne(&next));
    }
    if (got == Got::kWait) return got;
    bool full = got == Got::kEnd;
    if (full) next.arguments.clear();
    for (std::string& argument : next.arguments) {
      const size_t bytes = argument.size() + argument.size() / 8 + 3;
      if (!packed_.arguments.empty() &&
          packed_bytes_ + bytes > kMaxPackedBytes) {
        too_much_ = std::move(argument);
        full = true;
        break;
      }
      packed_.arguments.push_back(std::move(argument));
      packed_bytes_ += bytes;
    }
    if (static_cast<int64_t>(packed_.arguments.size()) >= pack_) full = true;
    if (!full) continue;
    if (packed_.arguments.empty()) return Got::kEnd;
    std::swap(*group, packed_);
    packed_ = Group();
    packed_bytes_ = 0;
    return Got::kGroup;
  }
}

absl::StatusOr<Items::Got> Items::NextOne(Group* group) {
  if (source_) {
    absl::StatusOr<Got> got = source_(group);
    ended_ = !got.ok() || *got == Got::kEnd;
    return got;
  }
  if (!readers_.empty()) {
    return dealt_ ? NextDealt(group) : NextOfFiles(group);
  }
  if (at_ == arguments_.size()) {
    ended_ = true;
    return Got::kEnd;
  }
  group->file_names.clear();
  group->arguments.resize(count_);
  for (std::string& argument : group->arguments) {
    argument = std::move(arguments_[at_++]);
  }
  return Got::kGroup;
}

absl::StatusOr<Items::Line> Items::Read(Reader& r, std::string* item) {
  for (;;) {
    size_t end = r.buffer.find(delimiter_, std::max(r.searched, r.from));
    const bool whole = end != std::string::npos;
    if (!whole && r.at_end && r.from == r.buffer.size()) return Line::kEnd;
    if (whole || r.at_end) {
      if (!whole) end = r.buffer.size();
      item->assign(r.buffer, r.from, end - r.from);
      r.from = r.searched = whole ? end + 1 : end;
      r.number++;
      // Differs: the original cut the item there and said nothing.
      if (item->find('\0') != std::string::npos) {
        return absl::InvalidArgumentError(absl::StrCat(
            r.name == "-" ? "standard input" : r.name, ": line ", r.number,
            ": a NUL in an item (left out; -z reads items that end in NUL)"));
      }
      return Line::kItem;
    }
    if (r.buffer.size() - r.from > base::kMaxItemBytes) {
      ended_ = true;
      return absl::InvalidArgumentError(
          absl::StrCat(r.name, ": item ", r.number + 1, " is longer than ",
                       base::kMaxItemBytes, " bytes"));
    }
    r.buffer.erase(0, r.from);
    r.from = 0;
    r.searched = r.buffer.size();
    // A descriptor others share must not be made non-blocking for them.
    pollfd ready = {.fd = r.fd, .events = POLLIN, .revents = 0};
    if (r.waits && poll(&ready, 1, 0) == 0) {
      wait_fd_ = r.fd;
      return Line::kWait;
    }
    // Not cleared: of its pages only those that are filled are touched.
    char bytes[kReadBytes];
    const ssize_t n = read(r.fd, bytes, sizeof bytes);
    const int error = errno;
    if (n > 0) r.buffer.append(bytes, n);
    if (n == 0) r.at_end = true;
    if (n < 0 && error == EAGAIN) {
      wait_fd_ = r.fd;
      return Line::kWait;
    }
    if (n < 0 && error != EINTR) {
      ended_ = true;
      return base::SysError(error, absl::StrCat("read ", r.name));
    }
  }
}

absl::StatusOr<Items::Got> Items::NextOfFiles(Group* group) {
  for (; first_reader_ < readers_.size(); first_reader_ += count_) {
    // Where we left off waiting, if we did.
    std::vector<std::string>& arguments = partial_.arguments;
    while (arguments.size() < count_) {
      Reader& reader = *readers_[first_reader_ + arguments.size()];
      std::string item;
      absl::StatusOr<Line> line = Read(reader, &item);
      if (!line.ok()) {
        if (ended_) return line.status();
        partial_error_.Update(line.status());
        partial_has_item_ = true;
        item.clear();
      } else if (*line == Line::kWait) {
        return Got::kWait;
      } else if (*line == Line::kEnd) {
        item = pad_;
      } else {
        partial_has_item_ = true;
      }
      arguments.push_back(std::move(item));
      partial_.file_names.push_back(reader.name);
    }
    std::swap(*group, partial_);
    partial_.arguments.clear();
    partial_.file_names.clear();
    const absl::Status error = std::exchange(partial_error_, absl::OkStatus());
    if (!error.ok()) {
      partial_has_item_ = false;
      return error;
    }
    if (std::exchange(partial_has_item_, false)) return Got::kGroup;
  }
  ended_ = true;
  return Got::kEnd;
}

absl::StatusOr<Items::Got> Items::NextDealt(Group* group) {
  while (partial_.arguments.size() < count_) {
    std::string item;
    absl::StatusOr<Line> line = Read(*readers_[0], &item);
    if (!line.ok()) {
      if (ended_) return line.status();
      partial_error_.Update(line.status());
      partial_.arguments.emplace_back();
      continue;
    }
    if (*line == Line::kWait) return Got::kWait;
    if (*line == Line::kEnd) {
      ended_ = true;
      if (partial_.arguments.empty()) return Got::kEnd;
      return NotDivisible(readers_[0]->number, count_);
    }
    partial_.arguments.push_back(std::move(item));
  }
  std::swap(*group, partial_);
  partial_.arguments.clear();
  TRY(std::exchange(partial_error_, absl::OkStatus()));
  return Got::kGroup;
}

}  // namespace fanout
