// Package catalogue holds the national starter catalogue: the agencies that sit in Malls of Public
// Services and the services that they usually bring. A region picks from it and confirms; nothing in
// it binds anyone.
package catalogue

// Execution says who works a service once the person has been received.
type Execution string

const (
	Native    Execution = "native"     // worked in Pendopo
	FrontDesk Execution = "front-desk" // received at a counter here, worked in the owner's system
	HandOff   Execution = "hand-off"   // sent to the owner's system
)

// Agency is an institution (instansi) as the catalogue knows it.
type Agency struct {
	Code     string    `yaml:"code"`            // "dukcapil": lower case, digits and hyphens
	Name     string    `yaml:"name"`            // official, {region} stands for "Kabupaten Bangka": "Dinas Kependudukan dan Pencatatan Sipil {region}"
	Short    string    `yaml:"short"`           // by subject, for tiles and boards: "Kependudukan"
	NameEN   string    `yaml:"name_en"`         // "Population and Civil Registration Office"
	ShortEN  string    `yaml:"short_en"`        // "Civil registry"
	Owner    string    `yaml:"owner"`           // daerah | vertikal | bumn | bumd | lembaga
	Icon     string    `yaml:"icon"`            // Tabler icon's name: "id"
	Words    []string  `yaml:"words,omitempty"` // what people type when they mean it: "catatan sipil", "capil"
	Services []Service `yaml:"services"`
}

// Service is one thing that a person comes for (layanan).
type Service struct {
	Code      string    `yaml:"code"`            // unique in the agency: "ktp-hilang-rusak"
	Name      string    `yaml:"name"`            // "KTP-el hilang atau rusak"
	NameEN    string    `yaml:"name_en"`         // "Lost or damaged identity card"
	Words     []string  `yaml:"words,omitempty"` // other words that people search for
	Execution Execution `yaml:"execution"`
	System    string    `yaml:"system,omitempty"`   // the owner's system: "SIAK"
	Receipt   string    `yaml:"receipt,omitempty"`  // what the owner's system calls its receipt number: "Nomor permohonan SIAK"
	Minutes   int       `yaml:"minutes,omitempty"`  // usual time at the counter, minutes; an example until a region confirms it
	Standard  *Standard `yaml:"standard,omitempty"` // nil: named only
}

// Standard is the published half of a service standard: the six components of service delivery
// (PermenPANRB 15/2014). Texts are Indonesian; English where the _en field is set.
type Standard struct {
	Requirements   []string `yaml:"requirements" json:"requirements"`                 // persyaratan
	Procedure      []string `yaml:"procedure" json:"procedure"`                       // sistem, mekanisme, dan prosedur
	Time           string   `yaml:"time" json:"time"`                                 // jangka waktu: "15 menit sejak berkas lengkap"
	Fee            string   `yaml:"fee" json:"fee"`                                   // biaya/tarif: "Gratis"
	Product        string   `yaml:"product" json:"product"`                           // produk pelayanan
	Complaints     string   `yaml:"complaints,omitempty" json:"complaints,omitempty"` // empty: the region's own complaint desk
	RequirementsEN []string `yaml:"requirements_en,omitempty" json:"requirements_en,omitempty"`
	ProcedureEN    []string `yaml:"procedure_en,omitempty" json:"procedure_en,omitempty"`
	TimeEN         string   `yaml:"time_en,omitempty" json:"time_en,omitempty"`
	FeeEN          string   `yaml:"fee_en,omitempty" json:"fee_en,omitempty"`
	ProductEN      string   `yaml:"product_en,omitempty" json:"product_en,omitempty"`
	ComplaintsEN   string   `yaml:"complaints_en,omitempty" json:"complaints_en,omitempty"`
	Proxy          string   `yaml:"proxy,omitempty" json:"proxy,omitempty"` // may somebody else come: "ya", "tidak", "dengan surat kuasa"
	Basis          string   `yaml:"basis,omitempty" json:"basis,omitempty"` // legal basis; empty unless sure
}
