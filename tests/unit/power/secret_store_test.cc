#include "power/secret_store.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "power/limits.h"
#include "sys/file.h"

namespace {

using keys::Secret;
using power::SecretStore;
using Strings = std::vector<std::string>;

struct Folder {
  sys::TemporaryFolder temporary = *sys::TemporaryFolder::Make("store");
  std::string path = temporary.path() + "/fleetbox";
  std::string store = path + "/pcu-secrets", key = store + ".key";
};
std::string Text(const std::string& folder, const char* name) {
  const auto store = SecretStore::Read(folder);
  if (!store.ok()) return std::string(store.status().message());
  const auto secret = store->Get(name);
  if (!secret.ok()) return std::string(secret.status().message());
  return std::string(secret->view());
}

TEST_CASE("secret store: set, list, change and remove", "[power]") {
  const Folder f;
  CHECK(SecretStore::Read(f.path)->Names() == Strings());
  REQUIRE(SecretStore::Set(f.path, "b", Secret("two")).ok());
  REQUIRE(SecretStore::Set(f.path, "a", Secret("one \"%$\\\n\xc3\xa4")).ok());
  REQUIRE(SecretStore::Set(f.path, "empty", Secret()).ok());
  CHECK(SecretStore::Read(f.path)->Names() == Strings{"a", "b", "empty"});
  CHECK(Text(f.path, "a") == "one \"%$\\\n\xc3\xa4");
  CHECK(Text(f.path, "empty").empty());
  REQUIRE(SecretStore::Set(f.path, "a", Secret("three")).ok());
  CHECK(Text(f.path, "a") == "three");
  CHECK(Text(f.path, "b") == "two");
  REQUIRE(SecretStore::Remove(f.path, "b").ok());
  CHECK(Text(f.path, "b") == "there is no secret 'b' in the store");
  CHECK(absl::IsNotFound(SecretStore::Remove(f.path, "b")));
  CHECK(absl::IsNotFound(SecretStore::Remove(f.path + "/none", "b")));
  CHECK(sys::Stat(f.store)->mode == 0600);
  CHECK(sys::Stat(f.key)->mode == 0600);
}

TEST_CASE(
    "secret store: nothing of it can be read without the key, and "
    "nothing be changed",
    "[power]") {
  const Folder f;
  REQUIRE(SecretStore::Set(f.path, "canary-name", Secret("canary-text")).ok());
  const std::string sealed = *sys::ReadFile(f.store);
  CHECK_FALSE(absl::StrContains(sealed, "canary"));
  for (size_t i = 0; i < sealed.size(); i++) {
    std::string forged = sealed;
    forged[i] = static_cast<char>(forged[i] ^ 1);
    REQUIRE(sys::ReplaceFile(f.store, forged, 0600).ok());
    REQUIRE(absl::IsDataLoss(SecretStore::Read(f.path).status()));
  }
  for (size_t size = 0; size < sealed.size(); size++) {
    REQUIRE(sys::ReplaceFile(f.store, sealed.substr(0, size), 0600).ok());
    REQUIRE(absl::IsDataLoss(SecretStore::Read(f.path).status()));
  }
  REQUIRE(sys::ReplaceFile(f.store, sealed, 0600).ok());
  CHECK(Text(f.path, "canary-name") == "canary-text");
  REQUIRE(sys::ReplaceFile(f.key, std::string(32, 'k'), 0600).ok());
  CHECK(Text(f.path, "a") ==
        absl::StrCat(f.store,
                     ": is damaged, or was sealed under another key "
                     "than the one in ",
                     f.key));
}

TEST_CASE("secret store: a store whose key is lost gets no other key",
          "[power]") {
  const Folder f;
  REQUIRE(SecretStore::Set(f.path, "a", Secret("one")).ok());
  REQUIRE(sys::RemoveFile(f.key).ok());
  CHECK(absl::IsNotFound(SecretStore::Read(f.path).status()));
  CHECK(absl::IsNotFound(SecretStore::Set(f.path, "b", Secret("two"))));
  CHECK_FALSE(sys::Stat(f.key)->exists);
  REQUIRE(sys::CreateFile(f.key, "short", 0600).ok());
  CHECK(absl::IsDataLoss(SecretStore::Read(f.path).status()));
}

TEST_CASE("power 20: a store and a key that others may read are refused",
          "[power]") {
  const Folder f;
  REQUIRE(SecretStore::Set(f.path, "a", Secret("one")).ok());
  REQUIRE(chmod(f.store.c_str(), 0644) == 0);
  CHECK(Text(f.path, "a") ==
        absl::StrCat(f.store, ": mode 0644: others may read it; chmod 600"));
  REQUIRE(chmod(f.store.c_str(), 0600) == 0);
  REQUIRE(chmod(f.key.c_str(), 0640) == 0);
  CHECK(Text(f.path, "a") ==
        absl::StrCat(f.key, ": mode 0640: others may read it; chmod 600"));
  REQUIRE(chmod(f.key.c_str(), 0622) == 0);
  CHECK(Text(f.path, "a") ==
        absl::StrCat(f.key, ": mode 0622: others may change it; chmod 600"));
}

TEST_CASE("secret store: names and secrets that cannot be kept", "[power]") {
  const Folder f;
  for (const char* name : {"", "a b", "a/b", "a\nb", "@a"}) {
    CHECK(absl::IsInvalidArgument(SecretStore::Set(f.path, name, Secret("x"))));
  }
  CHECK(SecretStore::Set(f.path, "a", Secret(power::kMaxSecretBytes)).ok());
  CHECK(absl::IsInvalidArgument(
      SecretStore::Set(f.path, "a", Secret(power::kMaxSecretBytes + 1))));
  CHECK(SecretStore::Read(f.path)->Get("a")->size() == power::kMaxSecretBytes);
  REQUIRE(sys::ReplaceFile(
              f.store, std::string(power::kMaxSecretStoreBytes + 1, 'x'), 0600)
              .ok());
  CHECK(absl::IsResourceExhausted(SecretStore::Read(f.path).status()));
}

TEST_CASE("secret store: several processes that change it lose nothing",
          "[power]") {
  const Folder f;
  std::vector<pid_t> children;
  for (int i = 0; i < 6; i++) {
    const pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
      const bool ok =
          SecretStore::Set(f.path, absl::StrCat("s", i), Secret("x")).ok();
      _exit(ok ? 0 : 1);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK(status == 0);
  }
  CHECK(SecretStore::Read(f.path)->Names() ==
        Strings{"s0", "s1", "s2", "s3", "s4", "s5"});
}

}  // namespace
