//! The one place where a caller meets a project: who may do what is asked here, and nowhere else.

use super::model::Settings;
use super::store::{self, ProjectRow};
use super::view::ProjectView;
use crate::audit::{self, Act, Who};
use crate::auth::{self, Action, Principal, Whence};
use crate::db::Conn;
use crate::error::{ApiError, Code};
use crate::state::AppState;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use cache::{Kind, Scope};
use invocation::Gate;
use quick_cache::sync::{EntryAction, EntryResult};
use std::future::{Ready, ready};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A project that the caller may act in.
#[derive(Clone)]
pub struct Project {
    /// Its id.
    pub id: String,
    /// Its name in paths.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its rules.
    pub settings: Settings,
    /// What cleans its events.
    pub gate: Gate,
    /// What its readers see, as JSON.
    pub json: web::Bytes,
}

impl Project {
    /// The project of a row.
    ///
    /// # Errors
    /// Its settings cannot be read.
    pub fn of(state: &AppState, row: ProjectRow) -> Result<Self, ApiError> {
        let view = ProjectView::of(&row)?;
        let (settings, secret) = (view.settings, state.project_key(&row.secret));
        Ok(Self {
            json: view.json()?,
            gate: Gate::new(settings.content_policy, settings.governance_mode, &secret),
            id: row.id,
            slug: row.slug,
            name: row.name,
            settings,
        })
    }
}

/// A project by what stands in a path: its id or its slug. It never leaves the process, since its
/// gate holds a key; and, since its rules decide what is kept of a text, none believes it for as
/// long as a second, even if nobody could be told of a change.
const PROJECT: Kind<String, Project> = Kind::local(
    "project",
    |named| vec![Scope::new("project", named)],
    |project: &Project| {
        size_of::<Project>()
            + [&project.id, &project.slug, &project.name].map(String::len).iter().sum::<usize>()
            + project.json.len()
    },
)
.serve_for(cache::Settings::TRUST)
.last_known(auth::LAST_KNOWN);

/// What changes with a project, under either name.
fn scopes(id: &str, slug: &str) -> [Scope; 2] {
    [id, slug].map(|name| Scope::new("project", name))
}

/// The handle that this slice brings to the app.
#[derive(Clone)]
pub struct Handle {
    /// Who was refused what, and where, within the hour.
    refusals: Arc<quick_cache::sync::Cache<Refusal, Instant>>,
}

/// Who, where, and what they wanted.
type Refusal = (String, Option<String>, &'static str);

/// So many are remembered at most, and for so long.
const REFUSALS: usize = 100_000;
const REFUSAL_TTL: Duration = Duration::from_secs(3600);

impl Default for Handle {
    fn default() -> Self {
        Self { refusals: Arc::new(quick_cache::sync::Cache::new(REFUSALS)) }
    }
}

impl Handle {
    /// Whether this is the first within the hour.
    fn is_first(&self, refusal: &Refusal) -> bool {
        let now = Instant::now();
        let known = self.refusals.entry(refusal, None, |_, noted| {
            let is_first = now >= *noted + REFUSAL_TTL;
            if is_first {
                *noted = now;
            }
            EntryAction::Retain(is_first)
        });
        match known {
            EntryResult::Retained(is_first) => is_first,
            EntryResult::Vacant(place) => place.insert(now).is_ok(),
            EntryResult::Removed(..) | EntryResult::Replaced(..) | EntryResult::Timeout => false,
        }
    }
}

async fn find(
    state: &AppState,
    id_or_slug: &str,
    action: Action,
) -> Result<Arc<Project>, ApiError> {
    let load = || {
        let (state, wanted) = (state.clone(), id_or_slug.to_owned());
        async move {
            let row = state.db.read(move |conn| store::find(conn, &wanted)).await?;
            row.map(|row| Project::of(&state, row)).transpose()
        }
    };
    let (named, brings_events) = (id_or_slug.to_owned(), action == Action::SendEvents);
    let now = pin!(state.cache.get(&PROJECT, &named, load));
    let found = auth::now_or_last(state, (&PROJECT, &named), brings_events, now).await?;
    found.ok_or_else(|| ApiError::not_found("project"))
}

/// A caller on the way to a project. Handlers take it and ask for what they do.
pub struct Access {
    /// Who is calling.
    pub principal: Arc<Principal>,
    request: HttpRequest,
    state: web::Data<AppState>,
    lookup: web::Data<Handle>,
}

impl Access {
    /// The project in the path, if the caller may do `action` there. A project that is not theirs
    /// looks like one that does not exist.
    ///
    /// # Errors
    /// 404, 403, or the database.
    pub async fn project(
        &self,
        id_or_slug: &str,
        action: Action,
    ) -> Result<Arc<Project>, ApiError> {
        let project = find(&self.state, id_or_slug, action).await?;
        match self.may(&project, action).await {
            Ok(()) => Ok(project),
            Err(error) => {
                // What a stranger tries is no part of the project's own trail.
                let is_member = error.code() == Code::Forbidden;
                if is_member || error.code() == Code::NotFound {
                    self.note_refusal(is_member.then(|| project.id.clone()), action.name());
                }
                Err(error)
            }
        }
    }

    /// Seals that the caller was refused: the first time in an hour, since the log never forgets and
    /// nobody may fill it; and beside the answer, whose time must not tell what there is.
    fn note_refusal(&self, project_id: Option<String>, wanted: &'static str) {
        let what = (self.principal.actor().label(), project_id, wanted);
        if !self.lookup.is_first(&what) {
            return;
        }
        let (state, lookup, who) = (self.state.clone(), self.lookup.clone(), self.who());
        actix_web::rt::spawn(async move {
            let act = Act::AccessRefused { wanted: wanted.to_owned() };
            let seal = move |_: &mut _| Ok::<_, ApiError>(((), act));
            if let Err(error) = audit::write(&state, who, what.1.as_deref(), seal).await {
                // The next is the first, then.
                lookup.refusals.remove(&what);
                tracing::warn!(error = error.in_full(), wanted, "a refusal could not be sealed");
            }
        });
    }

    async fn may(&self, project: &Project, action: Action) -> Result<(), ApiError> {
        match &*self.principal {
            Principal::Key { project_id, .. } if *project_id != project.id => {
                Err(ApiError::not_found("project"))
            }
            Principal::Key { scopes, .. } => allow(auth::key_may(scopes, action)),
            Principal::User { is_admin: true, .. } => Ok(()),
            Principal::User { id, .. } => {
                let role = auth::role(&self.state, &project.id, id).await?;
                allow(auth::role_may(role.ok_or_else(|| ApiError::not_found("project"))?, action))
            }
        }
    }

    /// The project of the caller's key, for paths that name none.
    ///
    /// # Errors
    /// The caller has no key, the key may not do `action`, or the database.
    pub async fn own_project(&self, action: Action) -> Result<Arc<Project>, ApiError> {
        match &*self.principal {
            Principal::Key { project_id, .. } => self.project(project_id, action).await,
            Principal::User { .. } => Err(ApiError::new(
                Code::Forbidden,
                "This path takes an API key, which names the project.",
            )),
        }
    }

    /// Refuses whoever does not administer the whole service.
    ///
    /// # Errors
    /// 403.
    pub fn administrator(&self) -> Result<(), ApiError> {
        let allowed = allow(matches!(*self.principal, Principal::User { is_admin: true, .. }));
        if allowed.is_err() {
            self.note_refusal(None, "administer");
        }
        allowed
    }

    /// Does something in the caller's name and seals it, in one transaction; nothing is sealed if
    /// there was nothing to do.
    ///
    /// # Errors
    /// What `body` says, or the database; nothing is done then.
    pub async fn act<T: Send + 'static, A: Into<Option<Act>>>(
        &self,
        project_id: Option<&str>,
        body: impl FnOnce(&mut Conn) -> Result<(T, A), ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        audit::write(&self.state, self.who(), project_id, body).await
    }

    fn who(&self) -> Who {
        Whence::of(&self.request).who(self.principal.actor())
    }

    /// The caller has changed what is in these scopes: nobody reads what was there before.
    pub(super) async fn changed(&self, scopes: &[Scope]) {
        self.state.cache.bump(scopes).await;
    }

    /// The same of a project.
    pub(super) async fn changed_project(&self, project: &Project) {
        self.changed(&scopes(&project.id, &project.slug)).await;
    }
}

fn allow(allowed: bool) -> Result<(), ApiError> {
    let refused = || ApiError::new(Code::Forbidden, "These credentials do not allow this here.");
    allowed.then_some(()).ok_or_else(refused)
}

impl FromRequest for Access {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let principal = match Principal::behind(request) {
            Ok(principal) => principal,
            Err(error) => return ready(Err(error)),
        };
        let handles =
            request.app_data::<web::Data<AppState>>().zip(request.app_data::<web::Data<Handle>>());
        ready(match handles {
            Some((state, lookup)) => Ok(Self {
                principal,
                request: request.clone(),
                state: state.clone(),
                lookup: lookup.clone(),
            }),
            None => Err(ApiError::internal("the projects' lookup is not registered")),
        })
    }
}
