package workloads

import "bytes"

const (
	poolSize = 1 << 20
	// strSpan and extraSpan keep the longest str and extra inside the pool.
	strSpan   = poolSize - 128
	extraSpan = poolSize - 1024
)

// pools are the letters free text is cut from: letters alone, and letters with spaces. A text
// column carries offset<<32 | length, so that writing a row copies no bytes.
type pools struct {
	letters, words []byte
}

func newPools(seed uint64) *pools {
	p := &pools{letters: make([]byte, poolSize), words: make([]byte, poolSize)}
	key := newStreamKey(seed, "text")
	for j := range uint64(poolSize) {
		c := 'a' + byte(below(key.draw(j, 0), 26))
		p.letters[j], p.words[j] = c, c
		if below(key.draw(j, 1), 13) == 0 {
			p.words[j] = ' '
		}
	}
	return p
}

func span(offset, length uint64) int64 { return int64(offset<<32 | length) }

func unspan(code int64) (offset, end uint64) {
	offset = uint64(code) >> 32
	return offset, offset + uint64(code)&(1<<32-1)
}

// str draws a word or two of 3 to max-1 letters, blanks trimmed.
func (p *pools) str(x, max uint64) int64 {
	from := below(mix64(x), strSpan)
	to := from + 3 + below(x, max-3)
	for from < to && p.words[from] == ' ' {
		from++
	}
	for to > from && p.words[to-1] == ' ' {
		to--
	}
	return span(from, to-from)
}

// extra draws the padding of an event of size bytes towards want of them, give or take a fifth.
func extra(x, size, want uint64) int64 {
	if size > want {
		return 0
	}
	t := want - size
	q := (2*t + 5) / 10
	length := t - q
	if q > 0 {
		length += below(x, 2*q)
	}
	return span(below(mix64(x), extraSpan), length)
}

// appendWords renders a code of str, appendLetters one of extra.
func (p *pools) appendWords(dst []byte, code int64) []byte {
	from, to := unspan(code)
	return append(dst, p.words[from:to]...)
}

func (p *pools) appendLetters(dst []byte, code int64) []byte {
	from, to := unspan(code)
	return append(dst, p.letters[from:to]...)
}

// appendDigits4 appends the four digits of v < 10000.
func appendDigits4(dst []byte, v uint64) []byte {
	return append(dst, '0'+byte(v/1000), '0'+byte(v/100%10), '0'+byte(v/10%10), '0'+byte(v%10))
}

// uuid renders two draws as 32 hexadecimal digits with the dashes of a UUID.
func uuid(hi, lo uint64) string {
	var b bytes.Buffer
	for i := range 32 {
		if i == 8 || i == 12 || i == 16 || i == 20 {
			b.WriteByte('-')
		}
		b.WriteByte("0123456789abcdef"[hi>>60])
		hi = hi<<4 | lo>>60
		lo <<= 4
	}
	return b.String()
}
