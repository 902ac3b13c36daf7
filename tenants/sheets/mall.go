package sheets

var mallGuide = []string{"Cara mengisi"}

func (b *book) mall(known Known) { b.people(0, known) }
