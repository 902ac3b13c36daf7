package oversight

import "github.com/pendopo-id/pendopo/internal/web/openapi"

// Operations describe the calls for the API's document.
var Operations = []openapi.Operation{
	{
		Method: "GET", Path: "/api/v1/oversight/agencies/:code", ID: "getAgencyEverywhere", Tag: "oversight", Auth: openapi.Bearer,
		Summary: "An agency's counters and today's counts in every region",
		Description: "On the bare domain, for the agency's head office: a role at agency/CODE of the national catalogue. Counts of the day only; " +
			"nothing of a citizen or an officer.",
		Params:   []openapi.Param{{Name: "code", In: "path", Description: "The agency's code in the national catalogue.", Example: "imigrasi"}},
		Response: AgencyJSON{}, Errors: []string{"403 authz.forbidden", "404 oversight.agency"},
	},
	{
		Method: "GET", Path: "/api/v1/oversight/regions", ID: "listRegionsOverseen", Tag: "oversight", Auth: openapi.Bearer,
		Summary:     "Regions with today's counts, by province",
		Description: "On the bare domain, for provinces and the nation: the regions that lie in what you hold, and no others.",
		Response:    RegionsJSON{}, Errors: []string{"403 authz.forbidden"},
	},
	{
		Method: "GET", Path: "/api/v1/oversight/platform", ID: "getPlatform", Tag: "oversight", Auth: openapi.Bearer,
		Summary:     "How all regions stand",
		Description: "On the bare domain, for who runs the platform: served or suspended, and how much work waits or has failed. Nothing that is in a region.",
		Response:    PlatformJSON{}, Errors: []string{"403 authz.forbidden"},
	},
}
