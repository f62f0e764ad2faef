#include "hosts/inventory.h"

#include <catch2/catch.hpp>
#include <map>

#include "hosts/listing.h"
#include "world.h"

using hosts::InventoryHost;
using hosts::ReadAnsible;
using hosts::ReadSshConfig;
using List = std::vector<std::string>;

namespace {

// "NAME:A=1,B=2" for each host; or the message.
List Shown(const absl::StatusOr<std::vector<InventoryHost>>& inventory) {
  if (!inventory.ok()) return {std::string(inventory.status().message())};
  List out;
  for (const InventoryHost& host : *inventory) {
    std::string line = host.name + ":";
    for (size_t i = 0; i < host.attributes.size(); i++) {
      line += (i == 0 ? "" : ",") + host.attributes[i].first + "=" +
              host.attributes[i].second;
    }
    out.push_back(line);
  }
  return out;
}

List Ansible(absl::string_view text) { return Shown(ReadAnsible("inv", text)); }

List Ssh(absl::string_view text,
         const std::map<std::string, std::string>& files = {}) {
  const auto find = [&](absl::string_view pattern)
      -> absl::StatusOr<std::vector<hosts::IncludedFile>> {
    std::vector<hosts::IncludedFile> found;
    const auto at = files.find(std::string(pattern));
    if (at != files.end()) found.push_back({at->first, at->second});
    return found;
  };
  return Shown(ReadSshConfig("config", text, find));
}

}  // namespace

TEST_CASE("inventory: ranges of numbers and letters", "[hosts]") {
  CHECK(Ansible("w[08:11]x\n") == List{"w08x:", "w09x:", "w10x:", "w11x:"});
  CHECK(Ansible("w[1:5:2]\n") == List{"w1:", "w3:", "w5:"});
  CHECK(Ansible("[a:c]-[1:2]\n") ==
        List{"a-1:", "a-2:", "b-1:", "b-2:", "c-1:", "c-2:"});
  CHECK(Ansible("w[5:1]\n") ==
        List{"inv:1: 'w[5:1]': the range ends before it begins"});
}

TEST_CASE("inventory: ports and addresses", "[hosts]") {
  CHECK(Ansible("h:22\n[2001:db8::1]:2200\n") ==
        List{"h:PORT=22", "2001:db8::1:PORT=2200"});
  CHECK(Ansible("w[1:2]:80 ansible_host=10.0.0.1\n") ==
        List{"w1:PORT=80,HOSTNAME=10.0.0.1", "w2:PORT=80,HOSTNAME=10.0.0.1"});
}

TEST_CASE("inventory: what stands deeper wins and the host wins over all",
          "[hosts]") {
  const absl::string_view text =
      "[web]\nw1\nw2 x=host\n"
      "[site:children]\nweb\n"
      "[web:vars]\nx=web\n"
      "[site:vars]\nx=site\ny=site\n"
      "[all:vars]\nx=all\ny=all\nz=all\n";
  CHECK(Ansible(text) == List{"w1:X=web,Y=site,Z=all,GROUPS=site web",
                              "w2:X=host,Y=site,Z=all,GROUPS=site web"});
}

TEST_CASE("inventory: values are words and Python strings", "[hosts]") {
  CHECK(Ansible("h a='x y' b=\"p q\" c='\"1\"' d=[1,2] # e=no\n") ==
        List{"h:A=x y,B=p q,C=1,D=[1,2]"});
  CHECK(Ansible("[g]\nh\n[g:vars]\na = 'x # y'\nb = \"\\x41\\n\"\n") ==
        List{"h:A=x # y,B=A\n,GROUPS=g"});
}

TEST_CASE("inventory: a host in no group gets the variables of ungrouped",
          "[hosts]") {
  CHECK(Ansible("h\n[g]\nk\n[ungrouped:vars]\na=1\n") ==
        List{"h:A=1", "k:GROUPS=g"});
}

TEST_CASE("inventory: mistakes name their line", "[hosts]") {
  CHECK(Ansible("h\n[g\n") == List{"inv:2: not a [section]"});
  CHECK(Ansible("[g:what]\n")[0].substr(0, 6) == "inv:1:");
  CHECK(Ansible("h x\n") == List{"inv:1: 'x' is no NAME=VALUE"});
  CHECK(Ansible("h a-b=1\n") ==
        List{"inv:1: 'a-b' cannot be the name of a macro"});
  CHECK(Ansible("h 'a=1\n")[0].substr(0, 6) == "inv:1:");
  CHECK(Ansible("[a:children]\na\n") ==
        List{"inv:1: the group 'a' is inside itself"});
  CHECK(Ansible("[a:vars]\nx=1\n") == List{"inv:1: there is no group 'a'"});
}

TEST_CASE("inventory: more than can be meant is refused in time", "[hosts]") {
  CHECK(Ansible("h[1:999999999]\n").size() == 1);
  CHECK(Ansible("h[1:999][1:999][1:999]\n").size() == 1);
  std::string groups = "h\n";
  for (int i = 0; i < 300; i++) {
    groups += "[g" + std::to_string(i) + ":children]\n";
    for (int j = i + 1; j < 300; j++) {
      groups += "g" + std::to_string(j) + "\n";
    }
  }
  groups += "[g299]\nw[1:100000]\n";
  CHECK(Ansible(groups).size() == 1);
}

TEST_CASE("inventory: what is written reads back", "[hosts]") {
  const std::string text =
      "%HOST A PORT ENTRY_LOGIN HOSTNAME MixedCase GROUPS\n"
      "h1 \"it's \\\"x\\\" \\\\ #y\\n\\t\" 22 root 10.1.1.1 True \"g1 g2\"\n"
      "h2 1,2 . . . `' g2\n";
  const auto joined = hosts_test::JoinText(text);
  REQUIRE(joined->status.ok());
  const auto names = hosts::ListedNames(joined->table, joined->All(), "");
  const auto written = hosts::WriteAnsible(joined->table, joined->All(), names);
  REQUIRE(written.ok());
  CHECK(Ansible(*written) ==
        List{"h1:A=it's \"x\" \\ #y\n\t,PORT=22,ENTRY_LOGIN=root,"
             "HOSTNAME=10.1.1.1,MixedCase=True,GROUPS=g1 g2",
             "h2:A=1,2,MixedCase=,GROUPS=g2"});
}

TEST_CASE("inventory: names that would break a line are not written",
          "[hosts]") {
  for (const char* row : {"\"a b\"", "\"a\\nb\"", "\"a=b\"", "\"[x]\""}) {
    const auto joined = hosts_test::JoinText(row);
    REQUIRE(joined->status.ok());
    CHECK(!hosts::WriteAnsible(joined->table, {0}, {0}).ok());
  }
}

TEST_CASE("ssh_config: the first value wins and patterns are no hosts",
          "[hosts]") {
  CHECK(
      Ssh("Host a b\n HostName real\n User u1\nHost *\n User u2\n Port=22\n") ==
      List{"a:HOSTNAME=real,ENTRY_LOGIN=u1,PORT=22",
           "b:HOSTNAME=real,ENTRY_LOGIN=u1,PORT=22"});
  CHECK(Ssh("User first\nHost x*\nHost x1\n User second\n") ==
        List{"x1:ENTRY_LOGIN=first"});
}

TEST_CASE("ssh_config: a negated pattern keeps a host out", "[hosts]") {
  CHECK(Ssh("Host a b\nHost * !b\n Port 1\n") == List{"a:PORT=1", "b:"});
}

TEST_CASE("ssh_config: of Match what can be known", "[hosts]") {
  CHECK(Ssh("Host a\n HostName r.example\nMatch host r.*\n User m\n"
            "Match originalhost a,b\n Port 9\nMatch exec true\n Port 8\n"
            "Match all\n User late\n") ==
        List{"a:HOSTNAME=r.example,ENTRY_LOGIN=m,PORT=9"});
}

TEST_CASE("ssh_config: an included file is inside its block", "[hosts]") {
  CHECK(Ssh("Host a\n Include more\nHost b\n",
            {{"more", "User u\nHost b\n User never\nHost *\n Port 5\n"}}) ==
        List{"a:ENTRY_LOGIN=u,PORT=5", "b:"});
  CHECK(Ssh("Include none\nHost a\n") == List{"a:"});
}

TEST_CASE("ssh_config: files that include each other come to an end",
          "[hosts]") {
  CHECK(Ssh("Include loop\n", {{"loop", "Include loop\n"}}) ==
        List{"loop: files include each other more than 16 deep"});
  CHECK(
      Ssh("Include fan\n", {{"fan", "Include fan fan fan\nHost a\n"}}).size() ==
      1);
}

TEST_CASE("ssh_config: mistakes name their file and line", "[hosts]") {
  CHECK(Ssh("Host a\nInclude x\n", {{"x", "\nUser \"u\n"}}) ==
        List{"x:2: the \" is never closed"});
  CHECK(Ssh("Host\n") == List{"config:1: host: a value is missing"});
}

TEST_CASE("ssh_config: names in the host's name", "[hosts]") {
  CHECK(Ssh("Host a\nHostName %h.x%%y\n") == List{"a:HOSTNAME=a.x%y"});
}
