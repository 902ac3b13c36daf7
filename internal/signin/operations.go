package signin

import "github.com/pendopo-id/pendopo/internal/web/openapi"

// Operations describe the calls for the API's document.
var Operations = []openapi.Operation{
	{
		Method: "POST", Path: "/api/v1/sessions", ID: "createSession", Tag: "sessions",
		Summary:     "Sign staff in and get a bearer token",
		Description: "The answer does not tell whether the account exists. Guessing is slowed per account and per address.",
		Request:     credentials{}, Response: created{},
		Errors: []string{"401 auth.wrong", "422 invalid", "429 auth.slow", "429 limited", "503 auth.busy"},
	},
	{
		Method: "DELETE", Path: "/api/v1/sessions/current", ID: "deleteSession", Tag: "sessions", Auth: openapi.Bearer,
		Summary: "Sign out: the token is worth nothing from now on", Status: 204,
	},
}
