// Package tenant is a region at run time: the rows that its manifest becomes, the registry that finds
// a tenant by host, and the provisioning that applies, exports, suspends and resumes one.
package tenant

import (
	"cmp"
	"database/sql/driver"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
)

// ID names a tenant. Only the database and the registry make one.
type ID = store.TenantID

// State of a tenant.
const (
	// Preparing: the region's people set it up; the public sees that it is coming. The first apply makes it active.
	Preparing = "preparing"
	Active    = "active"
	Suspended = "suspended"
)

// Row is a tenant in the control plane.
type Row struct {
	bun.BaseModel `bun:"table:tenants,alias:tenant"`
	store.Shared
	ID              ID        `bun:"id,pk"`
	Code            string    `bun:"code"` // Kemendagri's: "19.01"
	Slug            string    `bun:"slug"` // first label of the host
	Name            string    `bun:"name"` // "Kabupaten Bangka"
	Zone            string    `bun:"zone"` // WIB, WITA, WIT
	State           string    `bun:"state"`
	SuspendedReason string    `bun:"suspended_reason"`
	Demo            bool      `bun:"demo"`
	Manifest        string    `bun:"manifest"` // tenants.Region as JSON, without its staff
	Version         int64     `bun:"version"`
	CreatedAt       time.Time `bun:"created_at"`
	UpdatedAt       time.Time `bun:"updated_at"`
}

// registryRow is the version of the whole list.
type registryRow struct {
	bun.BaseModel `bun:"table:registry,alias:registry"`
	store.Shared
	ID      int   `bun:"id,pk"`
	Version int64 `bun:"version"`
}

// Manifest is the whole of what the region declared, its people too: tenants.Region as JSON, sealed. Catalogue is
// what it took from the catalogue at the last apply, tenants.Subset as JSON; Recheck are the services whose text the
// catalogue has changed since the region confirmed them, a line each.
type Manifest struct {
	bun.BaseModel `bun:"table:manifests,alias:manifest"`
	store.Owned
	Region    seal.Box `bun:"region"`
	Catalogue string   `bun:"catalogue"`
	Recheck   string   `bun:"recheck"`
}

// VenueRow is a lokasi. Hours is []tenants.Hours as JSON.
type VenueRow struct {
	bun.BaseModel `bun:"table:venues,alias:venue"`
	store.Owned
	ID          id.ID  `bun:"id,pk"`
	Code        string `bun:"code,unique:key"`
	Name        string `bun:"name"`
	NameEN      string `bun:"name_en"` // empty, as in every _en column: there is none
	Kind        string `bun:"kind"`
	Address     string `bun:"address"`
	District    string `bun:"district"`
	TicketsStop int    `bun:"tickets_stop"`
	Hours       string `bun:"hours"`
	Sort        int    `bun:"sort"`
	Retired     bool   `bun:"retired"`
}

// Closure is a run of local days on which a venue, or every venue, is closed.
type Closure struct {
	bun.BaseModel `bun:"table:closures,alias:closure"`
	store.Owned
	ID       id.ID     `bun:"id,pk"`
	VenueID  id.ID     `bun:"venue_id"`
	FirstDay clock.Day `bun:"first_day"`
	LastDay  clock.Day `bun:"last_day"`
	Reason   string    `bun:"reason"`
	ReasonEN string    `bun:"reason_en"`
}

// ZoneRow is a part of a venue; its hall board has the zone's identifier.
type ZoneRow struct {
	bun.BaseModel `bun:"table:zones,alias:zone"`
	store.Owned
	ID      id.ID  `bun:"id,pk"`
	VenueID id.ID  `bun:"venue_id,unique:key"`
	Code    string `bun:"code,unique:key"`
	Name    string `bun:"name"`
	NameEN  string `bun:"name_en"`
	Place   string `bun:"place"`
	PlaceEN string `bun:"place_en"`
	Sort    int    `bun:"sort"`
	Retired bool   `bun:"retired"`
}

// AgencyRow is an instansi in the region. Words are separated by newlines.
type AgencyRow struct {
	bun.BaseModel `bun:"table:agencies,alias:agency"`
	store.Owned
	ID      id.ID  `bun:"id,pk"`
	Code    string `bun:"code,unique:key"`
	Name    string `bun:"name"`
	Short   string `bun:"short"`
	NameEN  string `bun:"name_en"`
	ShortEN string `bun:"short_en"`
	Icon    string `bun:"icon"`
	Words   string `bun:"words"`
	Sort    int    `bun:"sort"`
	Retired bool   `bun:"retired"`
}

// SeriesRow is a seri antrean. Quota is tickets a local day; 0 is no limit.
type SeriesRow struct {
	bun.BaseModel `bun:"table:series,alias:series"`
	store.Owned
	ID       id.ID  `bun:"id,pk"`
	AgencyID id.ID  `bun:"agency_id,unique:key"`
	VenueID  id.ID  `bun:"venue_id"`
	Code     string `bun:"code,unique:key"`
	Name     string `bun:"name"`
	NameEN   string `bun:"name_en"`
	Prefix   string `bun:"prefix"`
	Quota    int64  `bun:"quota"`
	Retired  bool   `bun:"retired"`
}

// CounterRow is a loket as it was declared. Which ticket stands at it belongs to the queue, which keeps
// its own columns of the same table.
type CounterRow struct {
	bun.BaseModel `bun:"table:counters,alias:counter"`
	store.Owned
	ID       id.ID  `bun:"id,pk"`
	AgencyID id.ID  `bun:"agency_id"`
	VenueID  id.ID  `bun:"venue_id,unique:key"`
	ZoneID   id.ID  `bun:"zone_id"`
	Code     string `bun:"code,unique:key"`
	Name     string `bun:"name"`
	Place    string `bun:"place"`
	PlaceEN  string `bun:"place_en"`
	Sort     int    `bun:"sort"`
	Retired  bool   `bun:"retired"`
}

// CounterSeries says which series a counter calls.
type CounterSeries struct {
	bun.BaseModel `bun:"table:counter_series,alias:counter_series"`
	store.Owned
	CounterID id.ID `bun:"counter_id,pk"`
	SeriesID  id.ID `bun:"series_id,pk"`
}

// SeriesPeer says that a counter which calls a series calls another one too. A series is its own peer.
type SeriesPeer struct {
	bun.BaseModel `bun:"table:series_peers,alias:series_peer"`
	store.Owned
	SeriesID id.ID `bun:"series_id,pk"`
	PeerID   id.ID `bun:"peer_id,pk"`
}

// ServiceRow is a layanan as it is offered here. Standard is catalogue.Standard as JSON, or empty.
type ServiceRow struct {
	bun.BaseModel `bun:"table:services,alias:service"`
	store.Owned
	ID        id.ID  `bun:"id,pk"`
	AgencyID  id.ID  `bun:"agency_id,unique:key"`
	Code      string `bun:"code,unique:key"`
	Name      string `bun:"name"`
	NameEN    string `bun:"name_en"`
	Words     string `bun:"words"`
	Execution string `bun:"execution"`
	System    string `bun:"system"`
	Receipt   string `bun:"receipt"`
	Minutes   int    `bun:"minutes"`
	Confirmed bool   `bun:"confirmed"`
	Standard  string `bun:"standard"`
	Sort      int    `bun:"sort"`
	Retired   bool   `bun:"retired"`
}

// ServiceSeries says whose numbers a service gives: one series at each venue where it is given.
type ServiceSeries struct {
	bun.BaseModel `bun:"table:service_series,alias:service_series"`
	store.Owned
	ServiceID id.ID `bun:"service_id,pk"`
	SeriesID  id.ID `bun:"series_id,pk"`
	Sort      int   `bun:"sort"` // the first is the one that is meant where nobody says which
}

// User is a person who signs in to this tenant.
type User struct {
	bun.BaseModel `bun:"table:users,alias:user"`
	store.Owned
	ID           id.ID      `bun:"id,pk"`
	Email        seal.Box   `bun:"email"`
	EmailIndex   seal.Index `bun:"email_index,unique:key"`
	Name         seal.Box   `bun:"name"`
	PasswordHash string     `bun:"password_hash"`
	// PasswordUntil is when a password that somebody else chose for the person is worth nothing any more.
	PasswordUntil time.Time `bun:"password_until,nullzero"`
	Retired       bool      `bun:"retired"`
	Source        Source    `bun:"source"`
	CreatedAt     time.Time `bun:"created_at"`
}

// Source is who says that a person, a role or a counter of theirs is there, and so whose it is to take away. Its
// zero value is stored as FromManifest.
type Source string

// The sources.
const (
	FromManifest Source = "manifest"
	FromPage     Source = "page"     // somebody gave it on the page, by the API or by a command
	FromProvider Source = "provider" // an agency's own sign-in says so
)

// Value implements driver.Valuer.
func (s Source) Value() (driver.Value, error) { return string(cmp.Or(s, FromManifest)), nil }

// Grant gives a person a role in a scope, such as "id/19/19.01/dukcapil".
type Grant struct {
	bun.BaseModel `bun:"table:grants,alias:grant"`
	store.Owned
	UserID id.ID  `bun:"user_id,pk"`
	Role   string `bun:"role,pk"`
	Scope  string `bun:"scope,pk"`
	Source Source `bun:"source"`
}

// UserCounter says at which counters an officer works.
type UserCounter struct {
	bun.BaseModel `bun:"table:user_counters,alias:user_counter"`
	store.Owned
	UserID    id.ID  `bun:"user_id,pk"`
	CounterID id.ID  `bun:"counter_id,pk"`
	Source    Source `bun:"source"`
}

// Models are this package's tables.
var Models = store.Models{
	(*Row)(nil), (*registryRow)(nil), (*Domain)(nil), (*featureRow)(nil), (*Announcement)(nil),
	(*Manifest)(nil), (*VenueRow)(nil), (*Closure)(nil), (*ZoneRow)(nil), (*AgencyRow)(nil), (*SeriesRow)(nil), (*SeriesGate)(nil), (*CounterRow)(nil),
	(*CounterSeries)(nil), (*SeriesPeer)(nil), (*ServiceRow)(nil), (*ServiceSeries)(nil), (*User)(nil), (*Grant)(nil), (*UserCounter)(nil),
}
