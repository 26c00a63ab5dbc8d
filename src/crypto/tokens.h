// Tokens that somebody shows to be let in: session cookies, sign-in links, API tokens, the proofs
// of forms and of the sign-in with GitHub.
//
// A token is 256 random bits as 43 characters of base64url. What is stored is its hash: who reads
// the table cannot show the token (no salt and no slow hash, since nobody can guess 256 bits).
// Threading: any thread. Failures of OpenSSL throw std::runtime_error.
#pragma once

#include <string>
#include <string_view>

#include "runtime/secret.h"

namespace streaky::crypto {

runtime::Secret make_token();
/// False for text that `make_token` cannot have made: nothing is looked up for it.
bool is_token(std::string_view text);
/// Hexadecimal SHA-256, for the database.
std::string hash_token(std::string_view token);
/// Another token that follows from this one and tells nothing about it; `purpose` is a fixed word.
std::string derived_token(std::string_view token, std::string_view purpose);
/// The S256 challenge of a verifier (RFC 7636, section 4.2).
std::string pkce_challenge(std::string_view verifier);
/// A short hexadecimal fingerprint of public content, for names and ETags.
std::string content_hash(std::string_view content);

}  // namespace streaky::crypto
