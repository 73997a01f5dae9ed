package neural

// A binary BCH code over GF(2⁷) with the primitive polynomial x⁷+x³+1, shortened: code words are shorter than 127 bits
// and the bits that are left out in front are zeros. R. E. Blahut, Theory and Practice of Error Control Codes, 7.

const (
	fieldSize = 127 // elements but zero
	primitive = 137 // x⁷+x³+1
)

// field holds powers of the primitive element and their logarithms.
var field = func() (f struct{ exp, log [fieldSize + 1]int }) {
	x := 1
	for i := range fieldSize {
		f.exp[i], f.log[x] = x, i
		if x <<= 1; x > fieldSize {
			x ^= primitive
		}
	}
	return f
}()

func times(a, b int) int {
	if a == 0 || b == 0 {
		return 0
	}
	return field.exp[(field.log[a]+field.log[b])%fieldSize]
}

func over(a, b int) int {
	if a == 0 {
		return 0
	}
	return field.exp[(field.log[a]+fieldSize-field.log[b])%fieldSize]
}

// correct corrects up to t errors in a word, of at most 127 bits, in place, the highest power first. It says how many
// there were; false: the word is none that the code can correct.
func correct(word []byte, t int) (int, bool) {
	syndromes, wrong := syndromesOf(word, t)
	if !wrong {
		return 0, true
	}
	locator := berlekamp(syndromes)
	errors := len(locator) - 1
	if errors > t {
		return 0, false
	}
	var at []int
	for power := range fieldSize { // Chien's search: an error at x^power is a root at x^-power
		sum := 0
		for i, c := range locator {
			if c != 0 {
				sum ^= field.exp[(field.log[c]+i*(fieldSize-power))%fieldSize]
			}
		}
		if sum == 0 {
			at = append(at, power)
		}
	}
	if len(at) != errors || errors == 0 || at[errors-1] >= len(word) { // no error lies in the bits that are left out
		return 0, false
	}
	for _, power := range at {
		word[len(word)-1-power] ^= 1
	}
	if _, wrong := syndromesOf(word, t); wrong {
		return 0, false
	}
	return errors, true
}

// syndromesOf are the values of a word at the first 2t powers of the primitive element, and whether one is not zero.
func syndromesOf(word []byte, t int) (s []int, wrong bool) {
	s = make([]int, 2*t)
	for j := range s {
		for i, bit := range word {
			if bit != 0 {
				s[j] ^= field.exp[(j+1)*(len(word)-1-i)%fieldSize]
			}
		}
		wrong = wrong || s[j] != 0
	}
	return s, wrong
}

// berlekamp finds the shortest polynomial that makes the syndromes, by Berlekamp's and Massey's algorithm. Its degree
// is the number of errors.
func berlekamp(syndromes []int) []int {
	c, b := []int{1}, []int{1}
	length, shift, last := 0, 1, 1
	for n, s := range syndromes {
		d := s
		for i := 1; i <= length && i < len(c); i++ {
			d ^= times(c[i], syndromes[n-i])
		}
		if d == 0 {
			shift++
			continue
		}
		before := append([]int(nil), c...)
		factor := over(d, last)
		for len(c) < len(b)+shift {
			c = append(c, 0)
		}
		for i, v := range b {
			c[i+shift] ^= times(factor, v)
		}
		if 2*length <= n {
			length, b, last, shift = n+1-length, before, d, 1
		} else {
			shift++
		}
	}
	for len(c) > 1 && c[len(c)-1] == 0 {
		c = c[:len(c)-1]
	}
	return c
}
