#include "sys/file.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "sys/process.h"

namespace {

std::string NewFolder(std::vector<sys::TemporaryFolder>* keep) {
  auto folder = sys::TemporaryFolder::Make("file-test-");
  REQUIRE(folder.ok());
  keep->push_back(*std::move(folder));
  return keep->back().path();
}
struct InFolder {
  std::vector<sys::TemporaryFolder> keep;
  std::string dir = NewFolder(&keep);
};

}  // namespace

TEST_CASE_METHOD(InFolder, "file: is replaced whole and read back", "[sys]") {
  const std::string path = dir + "/f";
  REQUIRE(sys::ReplaceFile(path, "one").ok());
  CHECK(*sys::ReadFile(path) == "one");
  const std::string big(3'000'000, 'b');
  REQUIRE(sys::ReplaceFile(path, big, 0600).ok());
  CHECK(*sys::ReadFile(path) == big);
  CHECK(sys::Stat(path)->mode == 0600);
  REQUIRE(sys::ReplaceFile(path, "").ok());
  CHECK(*sys::ReadFile(path) == "");
  CHECK(*sys::ListFolder(dir) == std::vector<std::string>{"f"});
}

TEST_CASE_METHOD(InFolder, "file: a refused replacement leaves nothing behind",
                 "[sys]") {
  REQUIRE(sys::MakeFolders(dir + "/f/x").ok());  // cannot be renamed over
  const absl::Status status = sys::ReplaceFile(dir + "/f", "one");
  CHECK_FALSE(status.ok());
  CHECK(absl::StartsWith(status.message(), dir + "/f: "));
  CHECK(*sys::ListFolder(dir) == std::vector<std::string>{"f"});
  CHECK(absl::IsNotFound(sys::ReplaceFile(dir + "/none/f", "one")));
}

TEST_CASE_METHOD(InFolder, "file: the longest name can be replaced", "[sys]") {
  const std::string path = dir + "/" + std::string(255, 'n');
  REQUIRE(sys::ReplaceFile(path, "one").ok());
  CHECK(*sys::ReadFile(path) == "one");
  CHECK_FALSE(sys::ReplaceFile(path + "n", "one").ok());
  CHECK(sys::ListFolder(dir)->size() == 1);
}

TEST_CASE_METHOD(InFolder, "file: is created only where there is none",
                 "[sys]") {
  const std::string path = dir + "/f";
  REQUIRE(sys::CreateFile(path, "one").ok());
  CHECK(absl::IsAlreadyExists(sys::CreateFile(path, "two")));
  CHECK(*sys::ReadFile(path) == "one");
  REQUIRE(symlink("nowhere", (dir + "/link").c_str()) == 0);
  CHECK(absl::IsAlreadyExists(sys::CreateFile(dir + "/link", "two")));
  CHECK(sys::ListFolder(dir)->size() == 2);
}

TEST_CASE_METHOD(InFolder, "file: only one of many creators succeeds",
                 "[sys]") {
  std::atomic<int> won = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; i++) {
    threads.emplace_back([&, i] {
      if (sys::CreateFile(dir + "/f", absl::StrCat(i)).ok()) won++;
    });
  }
  for (std::thread& t : threads) t.join();
  CHECK(won == 1);
  CHECK(sys::ListFolder(dir)->size() == 1);
}

TEST_CASE_METHOD(InFolder, "file: one longer than allowed is refused",
                 "[sys]") {
  REQUIRE(sys::ReplaceFile(dir + "/f", std::string(100, 'x')).ok());
  CHECK(sys::ReadFile(dir + "/f", 100)->size() == 100);
  const absl::Status status = sys::ReadFile(dir + "/f", 99).status();
  CHECK(absl::IsResourceExhausted(status));
  CHECK(status.message() == dir + "/f: longer than 99 bytes");
  // One that does not say its size and does not end.
  CHECK(absl::IsResourceExhausted(
      sys::ReadFile("/dev/zero", 1'000'000).status()));
  CHECK(sys::ReadFile(dir + "/f", SIZE_MAX)->size() == 100);
  CHECK(sys::ReadFile("/proc/self/stat")->size() > 10);
}

TEST_CASE_METHOD(InFolder, "file: what cannot be read says why", "[sys]") {
  CHECK(absl::IsNotFound(sys::ReadFile(dir + "/none").status()));
  CHECK(sys::ReadFile(dir + "/none").status().message() ==
        dir + "/none: No such file or directory");
  CHECK_FALSE(sys::ReadFile(dir).ok());
  CHECK(sys::RemoveFile(dir + "/none").ok());
}

TEST_CASE_METHOD(InFolder, "file: Stat tells what is there", "[sys]") {
  REQUIRE(sys::ReplaceFile(dir + "/f", "12345", 0640).ok());
  REQUIRE(symlink("f", (dir + "/link").c_str()) == 0);
  REQUIRE(symlink("none", (dir + "/dangling").c_str()) == 0);
  const sys::FileInfo f = *sys::Stat(dir + "/f");
  CHECK((f.exists && f.regular && !f.folder && !f.symlink));
  CHECK(f.bytes == 5);
  CHECK(f.mode == 0640);
  CHECK(f.uid == sys::MyUid());
  CHECK(f.mtime_ns > 1'700'000'000'000'000'000);
  const sys::FileInfo link = *sys::Stat(dir + "/link");
  CHECK((link.exists && link.symlink && link.regular));
  CHECK(link.inode == f.inode);
  const sys::FileInfo dangling = *sys::Stat(dir + "/dangling");
  CHECK((!dangling.exists && dangling.symlink));
  CHECK(sys::Stat(dir)->folder);
  CHECK_FALSE(sys::Stat(dir + "/none")->exists);
  CHECK_FALSE(sys::Stat(dir + "/f/x")->exists);
  auto fd = sys::Open(dir + "/f", O_RDONLY);
  REQUIRE(fd.ok());
  CHECK(sys::Stat(fd->get())->inode == f.inode);
}

TEST_CASE_METHOD(InFolder, "file: descriptors are close-on-exec", "[sys]") {
  const auto closes = [](int fd) {
    return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
  };
  auto fd = sys::Open(dir + "/f", O_RDWR | O_CREAT);
  REQUIRE(fd.ok());
  CHECK(closes(fd->get()));
  auto folder = sys::Open(dir, O_RDONLY | O_DIRECTORY);
  REQUIRE(folder.ok());
  auto at = sys::OpenAt(folder->get(), "f", O_RDONLY);
  REQUIRE(at.ok());
  CHECK(closes(at->get()));
  CHECK(
      absl::IsNotFound(sys::OpenAt(folder->get(), "none", O_RDONLY).status()));
  auto pipe = sys::Pipe();
  REQUIRE(pipe.ok());
  CHECK((closes(pipe->first.get()) && closes(pipe->second.get())));
}

TEST_CASE_METHOD(InFolder, "file: WriteAll waits for a full pipe to be read",
                 "[sys]") {
  auto pipe = sys::Pipe(O_NONBLOCK);
  REQUIRE(pipe.ok());
  const std::string much(1'000'000, 'm');
  absl::Status written;
  std::thread writer([&] {
    written = sys::WriteAll(pipe->second.get(), much);
    pipe->second.Reset();
  });
  REQUIRE(fcntl(pipe->first.get(), F_SETFL, 0) == 0);
  absl::StatusOr<std::string> got = sys::ReadFd(pipe->first.get());
  writer.join();
  CHECK(written.ok());
  REQUIRE(got.ok());
  CHECK(*got == much);
}

TEST_CASE_METHOD(InFolder, "file: rotated, it makes way and keeps one before",
                 "[sys]") {
  const std::string path = dir + "/log";
  REQUIRE(sys::ReplaceFile(path, "old").ok());
  REQUIRE(sys::RotateFile(path).ok());
  CHECK_FALSE(sys::Stat(path)->exists);
  CHECK(*sys::ReadFile(path + ".1") == "old");
  REQUIRE(sys::ReplaceFile(path, "newer").ok());
  REQUIRE(sys::RotateFile(path).ok());
  CHECK(*sys::ReadFile(path + ".1") == "newer");
  CHECK(sys::ListFolder(dir)->size() == 1);
}

TEST_CASE_METHOD(InFolder, "folder: is made with its parents", "[sys]") {
  CHECK(sys::MakeFolders(dir + "/a/b//c/").ok());
  CHECK(sys::Stat(dir + "/a/b/c")->folder);
  CHECK(sys::MakeFolders(dir + "/a/b/c").ok());
  CHECK(sys::MakeFolders("/").ok());
  REQUIRE(sys::ReplaceFile(dir + "/f", "").ok());
  CHECK_FALSE(sys::MakeFolders(dir + "/f").ok());
  CHECK_FALSE(sys::MakeFolders(dir + "/f/x/y").ok());
  CHECK_FALSE(sys::MakeFolders("").ok());
}

TEST_CASE_METHOD(InFolder, "folder: lists its names in order", "[sys]") {
  for (const char* name : {"b", "a", ".hidden", "c d"}) {
    REQUIRE(sys::ReplaceFile(absl::StrCat(dir, "/", name), "").ok());
  }
  CHECK(*sys::ListFolder(dir) ==
        std::vector<std::string>{".hidden", "a", "b", "c d"});
  CHECK(absl::IsNotFound(sys::ListFolder(dir + "/none").status()));
  CHECK_FALSE(sys::ListFolder(dir + "/a").ok());
}

TEST_CASE_METHOD(InFolder, "folder: RemoveTree does not follow links",
                 "[sys]") {
  REQUIRE(sys::MakeFolders(dir + "/outside/x").ok());
  REQUIRE(sys::ReplaceFile(dir + "/outside/keep", "k").ok());
  REQUIRE(sys::MakeFolders(dir + "/tree/a/b").ok());
  REQUIRE(sys::ReplaceFile(dir + "/tree/a/f", "f").ok());
  REQUIRE(symlink("../outside", (dir + "/tree/link").c_str()) == 0);
  REQUIRE(symlink("../../../outside", (dir + "/tree/a/b/link").c_str()) == 0);
  REQUIRE(symlink("tree", (dir + "/to-tree").c_str()) == 0);
  CHECK(sys::RemoveTree(dir + "/to-tree").ok());
  CHECK(sys::Stat(dir + "/tree/a/f")->exists);
  CHECK(sys::RemoveTree(dir + "/tree").ok());
  CHECK(*sys::ListFolder(dir) == std::vector<std::string>{"outside"});
  CHECK(sys::ListFolder(dir + "/outside")->size() == 2);
  CHECK(sys::RemoveTree(dir + "/tree").ok());
  CHECK(sys::RemoveTree(dir + "/outside/keep").ok());
  CHECK(sys::ListFolder(dir + "/outside")->size() == 1);
}

TEST_CASE_METHOD(InFolder,
                 "folder: a tree deeper than we have descriptors goes",
                 "[sys]") {
  auto at = sys::Open(dir, O_RDONLY | O_DIRECTORY);
  REQUIRE(at.ok());
  for (int i = 0; i < 3000; i++) {
    REQUIRE(mkdirat(at->get(), "d", 0755) == 0);
    auto next = sys::OpenAt(at->get(), "d", O_RDONLY | O_DIRECTORY);
    REQUIRE(next.ok());
    at = std::move(next);
  }
  at->Reset();
  CHECK(sys::RemoveTree(dir + "/d").ok());
  CHECK(sys::ListFolder(dir)->empty());
}

TEST_CASE("folder: a temporary one is gone with all it holds", "[sys]") {
  std::string path;
  {
    auto folder = sys::TemporaryFolder::Make("gone-");
    REQUIRE(folder.ok());
    sys::TemporaryFolder moved = *std::move(folder);
    path = moved.path();
    CHECK(sys::Stat(path)->mode == 0700);
    REQUIRE(sys::MakeFolders(path + "/a/b").ok());
    REQUIRE(sys::ReplaceFile(path + "/a/b/f", "x").ok());
  }
  CHECK_FALSE(sys::Stat(path)->exists);
}

TEST_CASE_METHOD(InFolder, "lock: is held by one, whose pid is told", "[sys]") {
  const std::string path = dir + "/lock";
  {
    auto lock = sys::LockFile::Take(path);
    REQUIRE(lock.ok());
    CHECK(*sys::ReadFile(path) == absl::StrCat(sys::MyPid(), "\n"));
    const absl::Status second = sys::LockFile::Take(path).status();
    CHECK(absl::IsUnavailable(second));
    CHECK(second.message() ==
          absl::StrCat(path, ": is in use by process ", sys::MyPid()));
  }
  CHECK(sys::LockFile::Take(path).ok());
}

TEST_CASE_METHOD(InFolder, "lock: what a file says does not make it locked",
                 "[sys]") {
  const std::string path = dir + "/lock";
  REQUIRE(sys::ReplaceFile(path, "99999999999999999999 forged\nlines").ok());
  auto lock = sys::LockFile::Take(path);
  REQUIRE(lock.ok());
  CHECK(*sys::ReadFile(path) == absl::StrCat(sys::MyPid(), "\n"));
  REQUIRE(truncate(path.c_str(), 0) == 0);
  CHECK(sys::LockFile::Take(path).status().message() ==
        path + ": is in use by another process");
  // Taken away from under us: the next one locks the new file.
  REQUIRE(sys::RemoveFile(path).ok());
  CHECK(sys::LockFile::Take(path).ok());
  CHECK_FALSE(sys::LockFile::Take(dir + "/none/lock").ok());
}

TEST_CASE("file: the path of an open file is free of links", "[sys]") {
  auto folder = sys::TemporaryFolder::Make("path-");
  REQUIRE(folder.ok());
  REQUIRE(sys::CreateFile(folder->path() + "/real", "x").ok());
  REQUIRE(symlink("real", (folder->path() + "/link").c_str()) == 0);
  auto fd = sys::Open(folder->path() + "/link", O_RDONLY);
  REQUIRE(fd.ok());
  CHECK(*sys::PathOf(fd->get()) == folder->path() + "/real");
  CHECK(!sys::PathOf(-1).ok());
}

TEST_CASE("file: a relative path is made absolute", "[sys]") {
  CHECK(*sys::AbsolutePath("/a/b") == "/a/b");
  const std::string path = *sys::AbsolutePath("a");
  CHECK(path.size() > 2);
  CHECK(path[0] == '/');
  CHECK(path.substr(path.size() - 2) == "/a");
}

TEST_CASE("file: one in memory is read from its start", "[sys]") {
  for (const std::string& content : {std::string(), std::string("a\0b", 3)}) {
    const auto fd = sys::MemoryFile(content);
    REQUIRE(fd.ok());
    const auto text = sys::ReadFd(fd->get());
    REQUIRE(text.ok());
    CHECK(*text == content);
  }
}
