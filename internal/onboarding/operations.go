package onboarding

import (
	_ "embed"

	"github.com/pendopo-id/pendopo/internal/web/openapi"
)

// Messages are the texts of the letters, for notify: {area}, and where they say so {link}, {until}, {reason}.
//
//go:embed messages.yaml
var Messages []byte

// Operations describe the calls for the API's document.
var Operations = []openapi.Operation{
	{
		Method: "GET", Path: "/api/v1/draft", ID: "getDraft", Tag: "onboarding", Auth: openapi.Bearer,
		Summary:     "The region's settings, with what has been changed and is not applied yet",
		Description: "Fields by path, such as venues/utama/name, as the manifest has them; people are not among them. wrong is what stands between this and being applied.",
		Response:    draftJSON{},
	},
	{
		Method: "PATCH", Path: "/api/v1/draft", ID: "changeDraft", Tag: "onboarding", Auth: openapi.Bearer,
		Summary:     "Change fields, each by itself",
		Description: "was is what the field said when you read it: a field that somebody else has changed since is a conflict and stays as it is. An empty value takes a field away.",
		Request:     changesJSON{}, Response: savedJSON{}, Errors: []string{"422 onboarding.full"},
	},
	{
		Method: "POST", Path: "/api/v1/draft/apply", ID: "applyDraft", Tag: "onboarding", Auth: openapi.Bearer,
		Summary:     "Apply what has been changed; a region that is being prepared opens to the public",
		Description: "version and base are the draft's as you read it. Who is new is invited by e-mail.",
		Request:     applyJSON{}, Response: appliedJSON{}, Errors: []string{"409 onboarding.moved", "409 onboarding.waiting", "422 onboarding.wrong"},
	},
	{
		Method: "GET", Path: "/api/v1/claims", ID: "listClaims", Tag: "onboarding", Auth: openapi.Bearer,
		Summary:     "Who asks to set regions up",
		Description: "On the bare domain, for a province's Biro Organisasi and for who runs the platform: those of the regions in what you hold.",
		Response:    claimsJSON{}, Errors: []string{"403 authz.forbidden"},
	},
}
