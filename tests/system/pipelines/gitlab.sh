#!/usr/bin/env bash
# The jobs of .gitlab-ci.yml in docs/gates.md, as GitLab's runner carries them out: a job fails with the exit code of its script,
# and a pipeline goes on behind a job whose code `allow_failure` names.
set -uo pipefail
unreachable=(${ON_UNREACHABLE:+--on-unreachable "$ON_UNREACHABLE"})

# budget_gate, allow_failure: {exit_codes: [10]}
"$NARTHEX" gate check shop-prod --service api --version "$CI_COMMIT_SHA" --change "${CHANGE_CLASS:-feature}" \
  --url "$CI_PIPELINE_URL" --junit gate.xml "${unreachable[@]}"
code=$?
echo "budget_gate: $code"
case $code in 0 | 10) ;; *) exit "$code" ;; esac

# deploy
set -e
"$NARTHEX" deploy start --service api --version "$CI_COMMIT_SHA" --env production || [ $? = 3 ]
./deploy.sh
"$NARTHEX" gate watch shop-prod --version "$CI_COMMIT_SHA" --soak 1s --junit watch.xml "${unreachable[@]}" ||
  { ./rollback.sh; "$NARTHEX" deploy rolled-back --service api --version "$CI_COMMIT_SHA"; exit 1; }
"$NARTHEX" deploy succeeded --service api --version "$CI_COMMIT_SHA" || [ $? = 3 ]
