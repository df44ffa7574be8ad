package reports

import (
	"context"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// strictPolicy is what Jenkins serves archived pages under.
const strictPolicy = "sandbox; default-src 'none'; img-src 'self'; style-src 'self'"

// browser finds Chromium, or skips the test.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if strings.Contains(os.Getenv("STREAMBENCH_REQUIRE"), "chromium") {
		t.Fatal("no chromium on this machine, and STREAMBENCH_REQUIRE asks for it")
	}
	t.Skip("no chromium on this machine: the page is not looked at")
	return ""
}

// shoot serves a page under a policy, photographs it and returns the picture and what was asked
// of the server.
func shoot(t *testing.T, html []byte, policy, keep string) (image.Image, []string) {
	t.Helper()
	chromium := browser(t)
	var mu sync.Mutex
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.Path)
		mu.Unlock()
		if r.URL.Path != "/report.html" {
			http.NotFound(w, r)
			return
		}
		if policy != "" {
			w.Header().Set("Content-Security-Policy", policy)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(html)
	}))
	defer server.Close()
	out := filepath.Join(t.TempDir(), "page.png")
	// A folder named in the environment keeps the pictures, to be looked at.
	if dir := os.Getenv("STREAMBENCH_SCREENSHOTS"); dir != "" {
		out = filepath.Join(dir, keep+".png")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu",
		"--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--hide-scrollbars", "--user-data-dir="+t.TempDir(),
		"--window-size=1060,7000", "--screenshot="+out, server.URL+"/report.html")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("photograph page: %v\n%s", err, text)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	return img, asked
}

// pixels counts those close to a colour.
func pixels(img image.Image, hex string) int {
	want := color.RGBA{nibble(hex[1:3]), nibble(hex[3:5]), nibble(hex[5:7]), 255}
	near := func(a uint32, b uint8) bool { d := int(a>>8) - int(b); return d > -6 && d < 6 }
	n := 0
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x++ {
			r, g, b, _ := img.At(x, y).RGBA()
			if near(r, want.R) && near(g, want.G) && near(b, want.B) {
				n++
			}
		}
	}
	return n
}

func nibble(hex string) uint8 {
	v := 0
	for _, r := range hex {
		d := int(r - '0')
		if r >= 'A' {
			d = int(r-'A') + 10
		}
		v = v*16 + d
	}
	return uint8(v)
}

func TestThePageIsSeenInABrowserWithAndWithoutItsStyle(t *testing.T) {
	browser(t)
	cases := []struct {
		run, policy, keep string
		colours           []string // that must be on the page: banner, lines, bands, heat
	}{
		{"good", strictPolicy, "good-strict",
			[]string{"#0B6E4F", palette[0].colour, palette[1].colour, palette[2].colour, warmInk, noise,
				shades[5], alarm}},
		{"good", "", "good",
			[]string{"#0B6E4F", palette[0].colour, palette[1].colour, warmInk, noise, shades[5]}},
		{"invalid", strictPolicy, "invalid", []string{"#8A5A00", palette[0].colour, warmInk}},
		{"three-second", strictPolicy, "three-second", []string{"#0B6E4F", palette[0].colour, shades[5]}},
		{"two-systems", strictPolicy, "two-systems", []string{"#0B6E4F", palette[0].colour, palette[1].colour}},
		{"compared", strictPolicy, "compared", []string{"#0B6E4F", palette[0].colour, "#9AA5B1"}},
		{"interrupted", "", "interrupted", []string{"#8A5A00", palette[0].colour, warmInk}},
		{"failed", "", "failed", []string{"#B42318", palette[0].colour, shades[5]}},
		{"rate-max", "", "rate-max", []string{"#0B6E4F", palette[0].colour}},
		{"killed", strictPolicy, "killed", []string{"#0B6E4F", palette[0].colour, markInk}},
		{"broken", "", "broken", []string{palette[0].colour, markInk}},
		{"often", "", "often", []string{palette[0].colour, markInk}},
		{"too-early", "", "too-early", []string{palette[0].colour}},
		{"two-minutes", "", "two-minutes", []string{"#0B6E4F", palette[0].colour, shades[5]}},
	}
	for i, c := range cases {
		if i > 2 && os.Getenv("STREAMBENCH_SCREENSHOTS") == "" {
			break // the others are for the eye: they take a minute
		}
		t.Run(c.keep, func(t *testing.T) {
			html := rendered(t, standard(t, c.run))[PageFile]
			img, asked := shoot(t, html, c.policy, c.keep)
			for _, colour := range c.colours {
				if n := pixels(img, colour); n < 40 {
					t.Errorf("%d pixels of %s: what it draws is not on the page", n, colour)
				}
			}
			slices.Sort(asked)
			for _, path := range slices.Compact(asked) {
				if path != "/report.html" && path != "/favicon.ico" {
					t.Errorf("the page asked for %s", path)
				}
			}
		})
	}
}
