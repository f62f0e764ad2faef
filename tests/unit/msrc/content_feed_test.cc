// Files as entries, and their contents as frames that many hosts share.
#include "msrc/content_feed.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <map>

#include "base/limits.h"
#include "sys/file.h"
#include "sys/process.h"

using namespace msrc;

namespace {

struct Folder {
  std::string Put(const std::string& name, const std::string& content,
                  int mode = 0644) {
    const std::string path = folder.path() + "/" + name;
    REQUIRE(sys::ReplaceFile(path, content, mode).ok());
    return path;
  }
  sys::TemporaryFolder folder = *sys::TemporaryFolder::Make("contents-");
};

Sources Read(const std::vector<SourceFile>& files,
             const SourceOptions& options = {}) {
  auto sources = ReadSources(files, options);
  REQUIRE(sources.ok());
  return *std::move(sources);
}

// What a receiver makes of all frames of the need: content by path.
std::map<std::string, std::string> Unpack(SharedContents& contents,
                                          const wire::Manifest& manifest,
                                          const ContentPlaces& own = {}) {
  const wire::Need need = wire::Need::Everything(manifest);
  ContentFeed feed(contents, manifest, need, own);
  wire::ContentReceiver receiver(manifest, need);
  std::map<std::string, std::string> all;
  while (!feed.AtEnd()) {
    auto frame = feed.Next();
    REQUIRE(frame.ok());
    REQUIRE(receiver
                .Feed(**frame,
                      [&](const wire::Piece& piece, absl::string_view bytes) {
                        all[manifest.entries()[piece.entry].path] +=
                            std::string(bytes);
                        return absl::OkStatus();
                      })
                .ok());
  }
  CHECK(receiver.done());
  return all;
}

std::string Random(size_t bytes, uint32_t seed) {
  std::string s;
  while (s.size() < bytes) {
    seed = seed * 1664525 + 1013904223;
    s += static_cast<char>(seed >> 24);
  }
  return s;
}

}  // namespace

TEST_CASE(
    "contents: each frame is made once, for however many hosts, in "
    "however little memory",
    "[msrc]") {
  Folder f;
  const std::string large = Random(5 << 20, 1);
  const std::vector<SourceFile> files = {
      {"a", f.Put("a", "short")},
      {"d/large", f.Put("large", large)},
      {"same", f.Put("same", "short")},
      {"z", f.Put("z.gz", "\x1f\x8b\x08" + Random(3000, 2))},
      {"empty", f.Put("empty", "")}};
  for (const size_t memory : {size_t{0}, size_t{1} << 20, size_t{64} << 20}) {
    Sources sources = Read(files);
    CHECK(sources.notes.empty());
    const wire::Manifest manifest = *wire::Manifest::Make(sources.entries);
    SharedContents contents(sources.places, memory, f.folder.path());
    int64_t made = 0;
    for (int host = 0; host < 3; host++) {
      const auto all = Unpack(contents, manifest);
      CHECK(all.size() == 3);
      CHECK(all.at("d/large") == large);
      if (host == 0) made = contents.made();
      CHECK(contents.made() == made);
      CHECK(contents.store().memory_bytes() <= memory);
    }
    CHECK(made > 5);
    CHECK((contents.store().file_bytes() > 0) == (memory < 5 << 20));
  }
}

TEST_CASE("contents: without a file to spill to, frames are made again",
          "[msrc]") {
  Folder f;
  const std::vector<SourceFile> files = {{"a", f.Put("a", "short")}};
  Sources sources = Read(files);
  const wire::Manifest manifest = *wire::Manifest::Make(sources.entries);
  SharedContents contents(sources.places, 0, f.folder.path() + "/none");
  for (int host = 0; host < 3; host++) {
    CHECK(Unpack(contents, manifest).at("a") == "short");
  }
  CHECK(contents.made() == 3);
}

TEST_CASE("contents: what only one host gets is not kept for others",
          "[msrc]") {
  Folder f;
  Sources shared = Read({{"a", f.Put("a", "for all")}});
  SharedContents contents(shared.places, 1 << 20);
  for (const char* host : {"h1", "h2"}) {
    Sources own = Read({{"b", f.Put(host, host)}});
    own.entries.push_back(shared.entries[0]);
    const auto all =
        Unpack(contents, *wire::Manifest::Make(own.entries), own.places);
    CHECK(all.at("a") == "for all");
    CHECK(all.at("b") == host);
  }
  CHECK(contents.made() == 3);
}

TEST_CASE("contents: a file that changes during the run is named", "[msrc]") {
  Folder f;
  const std::string content = Random(3 << 20, 3);
  Sources sources = Read({{"big", f.Put("big", content)}});
  const wire::Manifest manifest = *wire::Manifest::Make(sources.entries);
  SharedContents contents(sources.places, 0, f.folder.path() + "/none");
  const wire::Need need = wire::Need::Everything(manifest);
  std::string other = content;
  SECTION("another content") { other[2 << 20] ^= 1; }
  SECTION("shorter") { other.resize(2 << 20); }
  SECTION("gone") { other.clear(); }
  if (other.empty()) {
    REQUIRE(sys::RemoveFile(f.folder.path() + "/big").ok());
  } else {
    f.Put("big", other);
  }
  const ContentPlaces none;
  ContentFeed feed(contents, manifest, need, none);
  absl::Status status;
  while (status.ok() && !feed.AtEnd()) status = feed.Next().status();
  CHECK_FALSE(status.ok());
  CHECK(absl::StrContains(std::string(status.message()), "/big: "));
}

TEST_CASE("sources: entries say what the files are", "[msrc]") {
  Folder f;
  REQUIRE(sys::MakeFolders(f.folder.path() + "/sub").ok());
  const std::string at = f.folder.path() + "/sub";
  const std::string script = f.Put("sub/script", "#!/bin/sh\n", 0755);
  const timespec times[2] = {{1'000'000'000, 5}, {1'000'000'000, 5}};
  REQUIRE(utimensat(AT_FDCWD, script.c_str(), times, 0) == 0);
  REQUIRE(sys::MakeFolders(at + "/docs/.git").ok());
  f.Put("sub/docs/.git/config", "x");
  f.Put("sub/docs/page", "x");
  REQUIRE(mkfifo((at + "/docs/pipe").c_str(), 0600) == 0);
  REQUIRE(symlink("page", (at + "/docs/inside").c_str()) == 0);
  REQUIRE(symlink("../../script", (at + "/docs/outside").c_str()) == 0);
  f.Put("script", "elsewhere");
  const auto described = [&](const SourceOptions& options) {
    Sources s = Read({{"s", script}, {"docs", at + "/docs", true}}, options);
    std::string all;
    const wire::Manifest manifest = *wire::Manifest::Make(s.entries);
    for (const wire::Entry& e : manifest.entries()) {
      const char* types[] = {"file", "folder", "link"};
      absl::StrAppend(&all, e.path, " ", types[static_cast<int>(e.type)], " ",
                      e.bytes, e.target.empty() ? "" : " -> ", e.target, "\n");
    }
    return all + absl::StrCat(s.notes.size(), " notes\n");
  };
  SourceOptions options;
  CHECK(described(options) ==
        "docs folder 0\ndocs/inside link 0 -> page\ndocs/outside file 9\n"
        "docs/page file 1\ns file 10\n2 notes\n");
  options.links = SourceOptions::Links::kKeep;
  CHECK(absl::StrContains(described(options),
                          "docs/outside link 0 -> ../../script\n"));
  options.links = SourceOptions::Links::kFollow;
  CHECK(absl::StrContains(described(options), "docs/inside file 1\n"));

  const Sources one = Read({{"s", script}});
  CHECK(one.entries[0].mode == 0755);
  CHECK(*one.entries[0].mtime ==
        absl::FromUnixSeconds(1'000'000'000) + absl::Nanoseconds(5));
  CHECK(one.entries[0].owner.empty());
  options.mtime = absl::FromUnixSeconds(7);
  options.owners = true;
  const Sources two = Read({{"s", script}}, options);
  CHECK(*two.entries[0].mtime == absl::FromUnixSeconds(7));
  CHECK(two.entries[0].owner ==
        (sys::MyUid() == 0 ? "root" : two.entries[0].owner));
  CHECK_FALSE(two.entries[0].owner.empty());
}

TEST_CASE("sources: what is named must be there, and be what can be sent",
          "[msrc]") {
  Folder f;
  const std::string pipe = f.folder.path() + "/pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(ReadSources({{{"p", pipe}}}, {}).status().code() ==
        absl::StatusCode::kInvalidArgument);
  CHECK(ReadSources({{{"p", pipe + "x"}}}, {}).status().code() ==
        absl::StatusCode::kNotFound);
}

TEST_CASE("sources: threads make the same of it", "[msrc]") {
  Folder f;
  std::vector<SourceFile> files;
  for (int i = 0; i < 12; i++) {
    const std::string name = absl::StrCat("f", i);
    files.push_back({name, f.Put(name, Random((i + 1) * 150'000, i))});
  }
  SourceOptions options;
  const wire::Manifest one =
      *wire::Manifest::Make(Read(files, options).entries);
  options.threads = 4;
  CHECK(*wire::Manifest::Make(Read(files, options).entries) == one);
}
