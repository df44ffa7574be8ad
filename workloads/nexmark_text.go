package workloads

import (
	"math/bits"
	"strconv"
	"sync"
)

const (
	// nexmarkChannels is the number of ordinary channels; the hot ones follow.
	nexmarkChannels = 10_000
	emailOffsetBits = 20
	emailLengthBits = 3
)

// nexmarkText renders the texts of Nexmark events from their codes.
type nexmarkText struct {
	pools *pools
	names []string
	urls  func() []string
}

func newNexmarkText(seed uint64) *nexmarkText {
	t := &nexmarkText{pools: newPools(seed)}
	for _, first := range nexmarkFirstNames {
		for _, last := range nexmarkLastNames {
			t.names = append(t.names, first+" "+last)
		}
	}
	// Ten thousand addresses are made once, when the first one is rendered: a table look-up costs
	// less than three cuts from the pool, and a run of columns alone never pays for it.
	t.urls = sync.OnceValue(func() []string {
		urls := make([]string, nexmarkChannels+len(nexmarkHotChannels))
		key := newStreamKey(seed, "nexmark-url")
		for c := range urls {
			urls[c] = t.url(key, uint64(c))
		}
		return urls
	})
	return t
}

func (t *nexmarkText) url(key streamKey, c uint64) string {
	b := []byte("https://www.nexmark.com/")
	for j := range uint64(3) {
		from := below(key.draw(c, 2*j+1), poolSize-8)
		to := from + 3 + below(key.draw(c, 2*j), 2)
		b = append(append(b, t.pools.letters[from:to]...), '/')
	}
	b = append(b, "item.htm?query=1"...)
	if c < nexmarkChannels && below(key.draw(c, 6), 10) > 0 {
		b = append(b, "&channel_id="...)
		b = strconv.AppendUint(b, uint64(bits.Reverse32(uint32(c))&0x7fffffff), 10)
	}
	return string(b)
}

func (t *nexmarkText) appendURL(dst []byte, code int64) []byte {
	return append(dst, t.urls()[code]...)
}

func (t *nexmarkText) appendChannel(dst []byte, code int64) []byte {
	if code >= nexmarkChannels {
		return append(dst, nexmarkHotChannels[code-nexmarkChannels]...)
	}
	return strconv.AppendInt(append(dst, "channel-"...), code, 10)
}

// email draws an address: two words, each packed as offset and length in 23 bits.
func (t *nexmarkText) email(user, host uint64) int64 {
	return packWord(t.pools.str(user, 7))<<(emailOffsetBits+emailLengthBits) |
		packWord(t.pools.str(host, 5))
}

func packWord(code int64) int64 {
	from, to := unspan(code)
	return int64(from<<emailLengthBits | (to - from))
}

func unpackWord(code int64) int64 {
	c := uint64(code) & (1<<(emailOffsetBits+emailLengthBits) - 1)
	return span(c>>emailLengthBits, c&(1<<emailLengthBits-1))
}

func (t *nexmarkText) appendEmail(dst []byte, code int64) []byte {
	dst = t.pools.appendWords(dst, unpackWord(code>>(emailOffsetBits+emailLengthBits)))
	dst = append(dst, '@')
	dst = t.pools.appendWords(dst, unpackWord(code))
	return append(dst, ".com"...)
}

// emailLength is the length of the text appendEmail renders.
func emailLength(code int64) uint64 {
	const lengths = 1<<emailLengthBits - 1
	user := uint64(code) >> (emailOffsetBits + emailLengthBits) & lengths
	return user + uint64(code)&lengths + uint64(len("@.com"))
}

// appendCard renders four groups of four digits; the code is the number they make.
func appendCard(dst []byte, code int64) []byte {
	c := uint64(code)
	for _, unit := range [...]uint64{1_000_000_000_000, 100_000_000, 10_000, 1} {
		if unit < 1_000_000_000_000 {
			dst = append(dst, ' ')
		}
		dst = appendDigits4(dst, c/unit%10_000)
	}
	return dst
}
