package signin

import (
	"slices"

	"github.com/pendopo-id/pendopo/internal/web/openapi"
)

// Operations describe the calls for the API's document.
var Operations = slices.Concat([]openapi.Operation{
	{
		Method: "POST", Path: "/api/v1/sessions", ID: "createSession", Tag: "sessions",
		Summary: "Sign staff in and get a bearer token",
		Description: "The answer does not tell whether the account exists. Guessing is slowed per account and per address. " +
			"Somebody with a second factor gets the problem mfa_required, with a challenge, the methods that they have (totp, recovery_code, passkey) and expires_at: go on with verifySession. " +
			"Whoever must have one and has none sets it up in a browser first (mfa_enrol).",
		Request: credentials{}, Response: created{},
		Errors: []string{"401 auth.wrong", "401 auth.expired", "401 mfa_required", "403 mfa_enrol", "422 invalid", "429 auth.slow", "429 limited", "503 auth.busy"},
	},
	{
		Method: "POST", Path: "/api/v1/sessions/verify", ID: "verifySession", Tag: "sessions",
		Summary:     "Take the second step of a sign-in and get a bearer token",
		Description: "A code is taken once, and none before it: wait for the app's next one after a sign-in. A wrong code leaves the challenge open.",
		Request:     secondStep{}, Response: created{},
		Errors: []string{"401 auth.code", "401 auth.step", "422 invalid", "429 auth.slow", "429 limited"},
	},
	{
		Method: "DELETE", Path: "/api/v1/sessions/current", ID: "deleteSession", Tag: "sessions", Auth: openapi.Bearer,
		Summary: "Sign out: the token is worth nothing from now on", Status: 204,
	},
}, peopleOperations())
