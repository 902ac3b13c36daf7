package billing

// Sen is money: 1/100 rupiah. Stripe counts rupiah with two decimals, though nobody has paid with sen for decades, so
// what it works out for part of a year may have them.
type Sen int64

// Rupiah makes money of whole rupiah.
func Rupiah(n int64) Sen { return Sen(n * 100) }

// Whole is the money in whole rupiah, halves away from zero: what is shown and transferred.
func (s Sen) Whole() int64 {
	if s < 0 {
		return -(-s).Whole()
	}
	return (int64(s) + 50) / 100
}

// share is s times part/whole, to the whole rupiah. part and whole are not negative.
func (s Sen) share(part, whole int64) Sen {
	if whole == 0 {
		return 0
	}
	// In whole rupiah, so that years of seconds times billions stay within 64 bits.
	n := s.Whole()
	if n < 0 {
		return -(-s).share(part, whole)
	}
	q, r := n/whole, n%whole
	return Rupiah(q*part + (r*part+whole/2)/whole)
}
