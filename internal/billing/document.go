package billing

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/goccy/go-yaml"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
)

// Kind of a document.
type Kind string

// The documents that a government needs to stand on what it pays. They are in Indonesian, as its files are.
const (
	DocInvoice  Kind = "tagihan"
	DocReceipt  Kind = "kuitansi" // of a paid invoice
	DocHandover Kind = "bast"     // minutes of handover
	DocSet      Kind = "berkas"   // all that there are, in one file
)

// Kinds are the documents, in the order of the set.
var Kinds = []Kind{DocInvoice, DocReceipt, DocHandover, DocSet}

// Seller is who runs the platform, as documents name them. It is data of theirs: see PENDOPO_SELLER_FILE.
type Seller struct {
	Name      string `yaml:"name"`
	Address   string `yaml:"address"`
	NPWP      string `yaml:"npwp"`
	Bank      string `yaml:"bank"` // bank, number and holder of the account to which is transferred
	Signatory string `yaml:"signatory"`
	Place     string `yaml:"place"`
}

// ReadSeller reads a seller's file. Errors name the line.
func ReadSeller(text []byte) (Seller, error) {
	var s Seller
	if err := yaml.UnmarshalWithOptions(text, &s, yaml.Strict()); err != nil {
		return Seller{}, fmt.Errorf("billing: seller: %w", err)
	}
	if s.NPWP = digits(s.NPWP); s.Name == "" || s.Bank == "" || !onlyDigits(s.NPWP) {
		return Seller{}, fmt.Errorf("billing: seller: name and bank are needed, and npwp has digits only")
	}
	return s, nil
}

const unset = "(belum diisi)"

func or(s string) string {
	if s == "" {
		return unset
	}
	return s
}

// Available are the documents that an invoice has now: no receipt before it is paid.
func (i Invoice) Available() (out []Kind) {
	for _, k := range Kinds {
		if k != DocReceipt || i.Status == Paid {
			out = append(out, k)
		}
	}
	return out
}

// Document makes a PDF of an invoice. The same invoice makes the same bytes. Faults: "not_found" for a kind that there
// is not, "billing.unpaid" (409) for the receipt of what has not been paid.
func Document(kind Kind, seller Seller, a Account, i Invoice) ([]byte, error) {
	p := newPaper(i)
	switch kind {
	case DocInvoice:
		p.invoice(seller, a, i)
	case DocReceipt:
		if i.Status != Paid {
			return nil, fault.New(fault.Conflict, "billing.unpaid")
		}
		p.receipt(seller, a, i)
	case DocHandover:
		p.handover(seller, a, i)
	case DocSet:
		p.invoice(seller, a, i)
		if i.Status == Paid {
			p.receipt(seller, a, i)
		}
		p.handover(seller, a, i)
	default:
		return nil, fault.New(fault.NotFound, "not_found")
	}
	var b bytes.Buffer
	if err := p.Output(&b); err != nil {
		return nil, fmt.Errorf("billing: document: %w", err)
	}
	return b.Bytes(), nil
}

// paper is an A4 page that is written from the top down.
type paper struct {
	*fpdf.Fpdf
	latin func(string) string // the fonts that every reader has know Latin letters
}

const paperWidth = 170 // mm between the margins

func newPaper(i Invoice) paper {
	p := paper{Fpdf: fpdf.New("P", "mm", "A4", "")}
	p.latin = p.UnicodeTranslatorFromDescriptor("")
	p.SetMargins(20, 20, 20)
	p.SetAutoPageBreak(true, 20)
	p.SetCreationDate(i.IssuedAt)
	p.SetModificationDate(i.IssuedAt)
	p.SetCatalogSort(true)
	p.SetProducer("Pendopo", false)
	p.SetTitle(p.latin("Tagihan "+i.Number), false)
	p.SetLang("id-ID")
	return p
}

func (p paper) head(s Seller, title, no string) {
	p.AddPage()
	p.text(11, "B", or(s.Name))
	p.text(9, "", or(s.Address))
	p.text(9, "", "NPWP "+or(grouped(s.NPWP)))
	p.Ln(3)
	p.SetLineWidth(0.6)
	p.Line(20, p.GetY(), 20+paperWidth, p.GetY())
	p.Ln(6)
	p.text(16, "B", title)
	p.text(10, "", "Nomor: "+or(no))
	p.Ln(4)
}

func (p paper) text(size float64, style, s string) {
	p.SetFont("Helvetica", style, size)
	p.MultiCell(paperWidth, size*0.5, p.latin(s), "", "L", false)
}

// pair is a term and its value, which may take several lines.
func (p paper) pair(term, value string) {
	p.SetFont("Helvetica", "", 10)
	p.CellFormat(50, 6, p.latin(term), "", 0, "L", false, 0, "")
	p.MultiCell(paperWidth-50, 6, p.latin(": "+or(value)), "", "L", false)
}

// sum is a line of the reckoning.
func (p paper) sum(style, what, amount string) {
	p.SetFont("Helvetica", style, 10)
	p.CellFormat(120, 8, p.latin(what), "B", 0, "L", false, 0, "")
	p.CellFormat(50, 8, p.latin(amount), "B", 1, "R", false, 0, "")
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return longDay(clock.DayOf(t, clock.WIB))
}

func (i Invoice) what() string {
	name := i.Plan
	if p, ok := PlanOf(i.Plan); ok {
		name = p.Name.ID
	}
	out := "Langganan Pendopo, paket " + name
	if i.Quantity > 1 {
		out += fmt.Sprintf(", %d daerah", i.Quantity)
	}
	if !i.PeriodStart.IsZero() && !i.PeriodEnd.IsZero() {
		out += ", " + day(i.PeriodStart) + " sampai " + day(i.PeriodEnd)
	}
	return out
}

func (p paper) buyer(a Account, i Invoice) {
	name := i.Buyer
	if name == "" {
		name = a.Details.Name
	}
	p.pair("Kepada", name)
	p.pair("Alamat", a.Details.Address)
	p.pair("NPWP", grouped(a.Details.NPWP))
	p.pair("NITKU", grouped(a.Details.NITKU))
	if i.Contract != "" {
		p.pair("Kontrak/SPK", strings.TrimSpace(i.Contract+" "+contractDay(a, i)))
	}
	if i.PurchaseOrder != "" {
		p.pair("Nomor pesanan", i.PurchaseOrder)
	}
}

// contractDay is told while the account still has the contract that the invoice names.
func contractDay(a Account, i Invoice) string {
	if a.Details.Contract != i.Contract || a.Details.ContractDay == (clock.Day{}) {
		return ""
	}
	return "tanggal " + longDay(a.Details.ContractDay)
}

func (p paper) invoice(s Seller, a Account, i Invoice) {
	p.head(s, "TAGIHAN", i.Number)
	p.buyer(a, i)
	p.pair("Tanggal", day(i.IssuedAt))
	p.pair("Jatuh tempo", day(i.DueAt))
	if i.TaxNumber != "" {
		p.pair("Faktur pajak", i.TaxNumber)
	}
	p.Ln(4)
	p.sum("", i.what(), rupiah(i.Subtotal))
	r := RulesOf(i.Rules, i.IssuedAt)
	base, _ := r.VAT(i.Subtotal)
	p.sum("", fmt.Sprintf("Dasar pengenaan pajak (%d/%d)", r.BaseOf, r.BaseIn), rupiah(base))
	p.sum("", fmt.Sprintf("PPN %d%%", r.VATPercent), rupiah(i.VAT))
	p.sum("B", "Jumlah dengan PPN", rupiah(i.Subtotal+i.VAT))
	if i.Treasurer {
		p.sum("", "PPN dipungut dan disetor oleh bendahara", rupiah(-i.VAT))
	}
	p.sum("B", "Yang dibayarkan kepada kami", rupiah(i.Due))
	p.Ln(3)
	p.text(10, "", "Terbilang: "+inWords(i.Due.Whole()))
	p.Ln(4)
	p.pair("Transfer ke", s.Bank)
	p.text(10, "", "Mohon cantumkan nomor tagihan pada berita transfer.")
	p.Ln(2)
	p.note(r)
}

// note says that nobody has confirmed the rules yet.
func (p paper) note(r Rules) {
	if r.Status != "confirmed" {
		p.text(8, "I", "Aturan pajak versi "+r.Version+": menunggu penetapan. Mohon periksa sebelum dipakai.")
	}
}

func (p paper) receipt(s Seller, a Account, i Invoice) {
	p.head(s, "KUITANSI", i.Number)
	name := i.Buyer
	if name == "" {
		name = a.Details.Name
	}
	p.pair("Telah terima dari", name)
	p.pair("Uang sejumlah", rupiah(i.Due))
	p.pair("Terbilang", inWords(i.Due.Whole()))
	p.pair("Untuk pembayaran", i.what())
	if i.Contract != "" {
		p.pair("Kontrak/SPK", i.Contract)
	}
	p.pair("Diterima tanggal", day(i.PaidAt))
	p.pair("Referensi transfer", i.Reference)
	p.sign(or(s.Place)+", "+day(i.PaidAt), or(s.Name), or(s.Signatory), "", "")
}

func (p paper) handover(s Seller, a Account, i Invoice) {
	p.head(s, "BERITA ACARA SERAH TERIMA", i.Handover)
	on := longDay(i.HandoverDay)
	if on == "" {
		on = "..............................."
	}
	p.text(10, "", "Pada tanggal "+on+" pihak pertama menyerahkan dan pihak kedua menerima hasil pekerjaan berikut.")
	p.Ln(2)
	p.pair("Pihak pertama", or(s.Name))
	p.buyer(a, i)
	p.pair("Pekerjaan", i.what())
	p.pair("Nilai tanpa PPN", rupiah(i.Subtotal))
	p.pair("Tagihan", i.Number)
	p.Ln(3)
	p.text(10, "", "Pihak kedua menyatakan layanan telah tersedia dan dapat digunakan sesuai kontrak.")
	name := i.Buyer
	if name == "" {
		name = a.Details.Name
	}
	p.sign("Pihak pertama", or(s.Name), or(s.Signatory), "Pihak kedua, "+name, or(a.Details.Signatory))
}

// sign leaves room for signatures: ours at the left, the payer's at the right.
func (p paper) sign(top, under, ours, theirTop, theirs string) {
	p.Ln(14)
	y := p.GetY()
	p.SetFont("Helvetica", "", 10)
	p.MultiCell(80, 5, p.latin(top+"\n"+under), "", "L", false)
	p.SetXY(20, y+34)
	p.MultiCell(80, 5, p.latin(ours), "T", "L", false)
	if theirTop == "" {
		return
	}
	p.SetXY(110, y)
	p.MultiCell(80, 5, p.latin(theirTop), "", "L", false)
	p.SetXY(110, y+34)
	p.MultiCell(80, 5, p.latin(theirs), "T", "L", false)
}
