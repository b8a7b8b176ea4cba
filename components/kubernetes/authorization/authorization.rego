# Who may ask which model: the answer of Open Policy Agent's Envoy plug-in to Kourier, for every request.
#
# A caller shows an API key or a token of the organisation's identity provider; what is known of the caller then must stand in the
# list of the host that is asked for. 401: no credential, or none that holds; 403: it holds and does not suffice. Never 404, by
# which Knative's own probes, which show no credential, would take the route for missing.
# Data: `authorization` (made by authorization_policy.py), `api_keys` (the mounted secret: SHA-256 of a key in hexadecimal digits,
# and its `team` and `name`). Form of the answer: github.com/open-policy-agent/opa-envoy-plugin v1.19.1-envoy envoyauth/response.go.
package gemma.authorization

request := input.attributes.request.http

jwt := data.authorization.jwt

# Algorithms with a public key. `none` and those with a shared secret are not among them.
algorithms := {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

# The credential has done its duty then; the engine, whose log might show it, does not get it.
response := {"allowed": true, "request_headers_to_remove": ["authorization", "x-api-key"]} if {
	may_ask
	is_model_api
} else := refusal(403, {}, "permission_error", "This caller may not ask this host for this path.") if {
	caller_is_known
} else := refusal(503, {"retry-after": "5"}, "api_error", "The identity provider's keys cannot be had.") if {
	key_set_is_missing
} else := refusal(
	401,
	{"www-authenticate": `Bearer realm="gemma", error="invalid_token"`},
	"authentication_error",
	"The API key or token is unknown, expired, or meant for something else.",
) if {
	credential
} else := refusal(
	401,
	{"www-authenticate": `Bearer realm="gemma"`},
	"authentication_error",
	"There is no API key or token: send one as `Authorization: Bearer ...`.",
)

# As OpenAI's API words errors, so that its clients show the message.
refusal(status, headers, type, message) := {
	"allowed": false,
	"http_status": status,
	"headers": object.union(headers, {"content-type": "application/json"}),
	"body": json.marshal({"error": {"type": type, "message": message}}),
}

may_ask if key.team in host.teams

may_ask if {
	some team in claimed_teams
	team in host.teams
}

may_ask if {
	some name in claimed_names
	name in host.callers
}

# What an engine answers beside its API, such as its metrics, is the platform's own.
is_model_api if {
	input.parsed_path[0] == "v1"
	not ".." in input.parsed_path
}

is_model_api if input.parsed_path == ["health"]

# Host names are compared as Envoy compares them: without case, and with any port.
host := data.authorization.hosts[lower(split(request.host, ":")[0])]

caller_is_known if key

caller_is_known if claims

credential := found if {
	lower(substring(request.headers.authorization, 0, 7)) == "bearer "
	found := trim_space(substring(request.headers.authorization, 7, -1))
	found != ""
}

credential := request.headers["x-api-key"] if not request.headers.authorization

key := data.api_keys[crypto.sha256(credential)]

# An address that nobody has verified may be anybody's.
claimed_names contains lower(claims.email) if claims.email_verified in {true, "true"}

claimed_names contains lower(group) if some group in claims.groups

claimed_teams contains claims[jwt.team_claim]

claimed_teams contains team if some team in claims[jwt.team_claim]

claims := payload if {
	key_set.status_code == 200
	some audience in jwt.audiences
	[valid, _, payload] := io.jwt.decode_verify(credential, {
		"cert": key_set.raw_body,
		"iss": jwt.issuer,
		"aud": audience,
	})
	valid

	# a token without an end would hold for ever
	payload.exp
}

key_set_is_missing if key_set.status_code != 200

# Kept for five minutes, in which a key that the provider has withdrawn still counts.
key_set := http.send({
	"method": "GET",
	"url": jwt.jwks_uri,
	"timeout": "1500ms",
	"raise_error": false,
	"force_cache": true,
	"force_cache_duration_seconds": 300,
}) if {
	# nobody is asked for keys before it is known that there is something to verify
	[header, _, _] := io.jwt.decode(credential)
	header.alg in algorithms
}
