#include "mcfeely/config.h"

#include <catch2/catch.hpp>

TEST_CASE("config: every directive is read", "[mcfeely]") {
  const auto config = mcfeely::ParseServerConfig(
      "# comment\n\n"
      "queue '/var/lib/a queue'\n"
      "listen unix:/run/x tcp:127.0.0.1:0\n"
      "listen tcp:[::1]:99\n"
      "identity /etc/key\n  trust /etc/trust\n"
      "principal server:two\n"
      "mail /usr/sbin/sendmail -t -i\nmail-from root@hub\n"
      "host web1 web2\nhost ns1\n"
      "max-running 7\nmax-per-host 3\n"
      "http [::1]:8080\nhttp-token /etc/token\n",
      "f");
  REQUIRE(config.ok());
  CHECK(config->queue == "/var/lib/a queue");
  CHECK(config->listen == std::vector<std::string>{"unix:/run/x",
                                                   "tcp:127.0.0.1:0",
                                                   "tcp:[::1]:99"});
  CHECK(config->identity == "/etc/key");
  CHECK(config->trust == "/etc/trust");
  CHECK(config->principal == "server:two");
  CHECK(config->mail ==
        std::vector<std::string>{"/usr/sbin/sendmail", "-t", "-i"});
  CHECK(config->mail_from == "root@hub");
  CHECK(config->hosts == absl::btree_set<std::string>{"ns1", "web1", "web2"});
  CHECK(config->limits.max_running == 7);
  CHECK(config->limits.max_per_host == 3);
  CHECK(config->http.address == "[::1]:8080");
  CHECK(config->http.token_file == "/etc/token");
}

TEST_CASE("config: classes, and how long ended jobs are kept", "[mcfeely]") {
  const auto config = mcfeely::ParseServerConfig(
      "class named-hup 3\nclass named-hup 2 per-host\nclass backup 1\n"
      "keep 7d\nkeep-jobs 500\n",
      "f");
  REQUIRE(config.ok());
  REQUIRE(config->limits.classes.size() == 2);
  const mcfeely::ClassLimit& hup = config->limits.classes.at("named-hup");
  CHECK(hup.all == 3);
  CHECK(hup.per_host == 2);
  const mcfeely::ClassLimit& backup = config->limits.classes.at("backup");
  CHECK(backup.all == 1);
  CHECK(backup.per_host == mcfeely::ClassLimit::kNone);
  CHECK(config->keep == absl::Hours(7 * 24));
  CHECK(config->keep_jobs == 500);
  const auto usual = mcfeely::ParseServerConfig("", "f");
  CHECK(usual->keep == absl::Hours(30 * 24));
  CHECK(usual->keep_jobs == 100'000);
  const std::pair<const char*, const char*> cases[] = {
      {"class a\n", "f:1: class: must be: class NAME LIMIT [per-host]"},
      {"class a 1 each\n", "f:1: class: must be: class NAME LIMIT [per-host]"},
      {"class a 0\n", "f:1: class: '0' is not a number from 1 to 1000000"},
      {"keep-jobs 0\n",
       "f:1: keep-jobs: '0' is not a number from 1 to 10000000"},
  };
  for (const auto& [text, message] : cases) {
    CHECK(mcfeely::ParseServerConfig(text, "f").status().message() == message);
  }
  for (const char* text : {"class -x 1\n", "keep soon\n", "keep\n"}) {
    INFO(text);
    CHECK(!mcfeely::ParseServerConfig(text, "f").ok());
  }
}

TEST_CASE("config: the addresses after a name are that host's", "[mcfeely]") {
  const auto config = mcfeely::ParseServerConfig(
      "host web1 tcp:10.0.0.1:7577 ssh:ops@web1 web2 unix:/run/web2 web3\n"
      "host web2 ssh:web2\n"
      "ssh /opt/ssh -F '/etc/my ssh'\nfar-agent -C /opt/comm\n"
      "dead-after 30s\n",
      "f");
  REQUIRE(config.ok());
  CHECK(config->hosts == absl::btree_set<std::string>{"web1", "web2", "web3"});
  using Carriers = absl::btree_map<std::string, std::vector<std::string>>;
  CHECK(config->carriers ==
        Carriers{{"web1", {"tcp:10.0.0.1:7577", "ssh:ops@web1"}},
                 {"web2", {"unix:/run/web2", "ssh:web2"}}});
  CHECK(config->ssh ==
        std::vector<std::string>{"/opt/ssh", "-F", "/etc/my ssh"});
  CHECK(config->far_agent == std::vector<std::string>{"-C", "/opt/comm"});
  CHECK(config->dead_after == absl::Seconds(30));
}

TEST_CASE("config: a mistake is named with file and line", "[mcfeely]") {
  const std::pair<const char*, const char*> cases[] = {
      {"queue\n", "f:1: queue: takes exactly one word"},
      {"\nqueue a b\n", "f:2: queue: takes exactly one word"},
      {"host\n", "f:1: host: takes at least one word"},
      {"host ssh:web1\n", "f:1: host: 'ssh:web1' follows no host's name"},
      {"dead-after 15s\n",
       "f:1: dead-after: '15s' is not a time from 20s to 1h"},
      {"max-running 0\n",
       "f:1: max-running: '0' is not a number from 1 to 1000000"},
      {"lisen unix:/x\n",
       "f:1: unknown directive 'lisen'; did you mean 'listen'?"},
  };
  for (const auto& [text, message] : cases) {
    const auto config = mcfeely::ParseServerConfig(text, "f");
    REQUIRE(!config.ok());
    CHECK(config.status().message() == message);
  }
  for (const char* text :
       {"listen web1:22\n", "mail-from '-oX a'\n", "host -x\n",
        "host web1 ssh:-oProxyCommand=x\n", "host web1 tcp:a:b:c\n",
        "dead-after 2h\n", "ssh\n", "queue 'a\n"}) {
    INFO(text);
    CHECK(!mcfeely::ParseServerConfig(text, "f").ok());
  }
}
