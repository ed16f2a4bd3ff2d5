#!/usr/bin/env bash
# The stage of the Jenkinsfile in docs/gates.md: `sh(returnStatus: true, …)`, then unstable, error or nothing.
"$NARTHEX" gate check shop-prod --service api --version "$GIT_COMMIT" --change "$CHANGE" --url "$BUILD_URL" --junit gate.xml
rc=$?
if [ $rc = 10 ]; then
  echo "UNSTABLE: error budget critical"
elif [ $rc != 0 ]; then
  echo "ERROR: release gate: exit $rc"
  exit 1
fi
echo "deployed"
