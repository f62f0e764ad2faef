#include "power/credential_form.h"

#include <catch2/catch.hpp>

namespace {

TEST_CASE("credentials: forms of the web and of XML", "[power]") {
  using power::SecretForm;
  CHECK(power::EncodedUser("a b&\xc3\xa4", SecretForm::kForm) ==
        "a%20b%26%C3%A4");
  CHECK(power::EncodedUser("<a b=\"c\">&'", SecretForm::kXml) ==
        "&lt;a b=&quot;c&quot;&gt;&amp;&#39;");
  CHECK(power::EncodedUser("%s&", SecretForm::kRaw) == "%s&");
  const keys::Secret secret("a&\"%");
  CHECK(power::EncodedSecret(secret, SecretForm::kXml).view() ==
        "a&amp;&quot;%");
  CHECK(power::EncodedSecret(secret, SecretForm::kForm).view() == "a%26%22%25");
  CHECK(power::EncodedSecret(keys::Secret(), SecretForm::kForm).size() == 0);
}

}  // namespace
