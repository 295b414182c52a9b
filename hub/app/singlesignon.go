package app

import (
	"fmt"
	"os"
	"strings"

	"hallkeeper/hub/signin"
)

// openSingleSignOn reads the secret; the issuer itself is asked later, and may be down.
func (a *App) openSingleSignOn() error {
	c := a.cfg.OIDC
	if c.Issuer == "" {
		return nil
	}
	secret := ""
	if c.ClientSecretFile != "" {
		b, err := os.ReadFile(c.ClientSecretFile)
		if err != nil {
			return fmt.Errorf("read the single sign-on's secret (oidc.client_secret_file): %w", err)
		}
		secret = strings.TrimSpace(string(b))
	}
	a.singleSignOn = signin.NewOIDC(signin.Provider{Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: secret, Name: c.Name, NameEN: c.NameEN, Claim: c.Claim,
		Told: func(err error) {
			if err != nil {
				a.logger.Warn("the single sign-on cannot be reached; people sign in with passwords and passkeys meanwhile", "issuer", c.Issuer, "error", err)
			} else {
				a.logger.Info("the single sign-on is ready", "issuer", c.Issuer)
			}
		}})
	_ = a.singleSignOn.Down() // asks for the first time, and waits for nobody
	return nil
}
