//! The one place where a caller meets a project: who may do what is asked here, and nowhere else.

use super::model::Settings;
use super::store::{self, ProjectRow};
use crate::audit::{self, Act, Who};
use crate::auth::{self, Action, Principal, Whence};
use crate::db::Conn;
use crate::error::{ApiError, Code};
use crate::state::AppState;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use invocation::{Gate, Timestamp};
use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

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
    /// When it was made.
    pub created_at: Timestamp,
    /// What cleans its events.
    pub gate: Gate,
}

impl Project {
    /// The project of a row.
    ///
    /// # Errors
    /// Its settings cannot be read.
    pub fn of(state: &AppState, row: ProjectRow) -> Result<Self, ApiError> {
        let settings: Settings = serde_json::from_str(&row.settings).map_err(ApiError::internal)?;
        let secret = state.project_key(&row.secret);
        Ok(Self {
            gate: Gate::new(settings.content_policy, settings.governance_mode, &secret),
            id: row.id,
            slug: row.slug,
            name: row.name,
            settings,
            created_at: Timestamp::from_micros(row.created_at),
        })
    }
}

/// How long a project is remembered; a change here shows at once, elsewhere within this time.
const TTL: Duration = Duration::from_millis(500);

/// Projects that were looked up a moment ago: the handle that this slice brings to the app.
#[derive(Clone)]
pub struct Handle {
    projects: moka::sync::Cache<String, Arc<Project>>,
    /// Who was refused what, and where, within the hour.
    refusals: moka::sync::Cache<(String, Option<String>, &'static str), ()>,
}

impl Default for Handle {
    fn default() -> Self {
        Self {
            projects: moka::sync::Cache::builder().max_capacity(10_000).time_to_live(TTL).build(),
            refusals: moka::sync::Cache::builder()
                .max_capacity(100_000)
                .time_to_live(Duration::from_secs(3600))
                .build(),
        }
    }
}

impl Handle {
    fn forget(&self) {
        self.projects.invalidate_all();
    }

    async fn get(&self, state: &AppState, id_or_slug: &str) -> Result<Arc<Project>, ApiError> {
        if let Some(project) = self.projects.get(id_or_slug) {
            return Ok(project);
        }
        let wanted = id_or_slug.to_owned();
        let row =
            state.db.read(move |conn| store::find(conn, &wanted)).await.map_err(ApiError::from)?;
        let row = row.ok_or_else(|| ApiError::not_found("project"))?;
        let project = Arc::new(Project::of(state, row)?);
        self.projects.insert(id_or_slug.to_owned(), Arc::clone(&project));
        Ok(project)
    }
}

/// A caller on the way to a project. Handlers take it and ask for what they do.
pub struct Access {
    /// Who is calling.
    pub principal: Arc<Principal>,
    whence: Whence,
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
        let project = self.lookup.get(&self.state, id_or_slug).await?;
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
        let what = (self.principal.actor().label(), project_id.clone(), wanted);
        if !self.lookup.refusals.entry(what).or_insert(()).is_fresh() {
            return;
        }
        let (state, who) = (self.state.clone(), self.who());
        actix_web::rt::spawn(async move {
            let act = Act::AccessRefused { wanted: wanted.to_owned() };
            let seal = move |_: &mut _| Ok::<_, ApiError>(((), act));
            if let Err(error) = audit::write(&state, who, project_id.as_deref(), seal).await {
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
                let (project_id, user_id) = (project.id.clone(), id.clone());
                let role =
                    self.state.db.read(move |conn| auth::role_of(conn, &project_id, &user_id));
                let role = role.await.map_err(ApiError::from)?;
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

    /// Does something in the caller's name and seals it, in one transaction.
    ///
    /// # Errors
    /// What `body` says, or the database; nothing is done then.
    pub async fn act<T: Send + 'static>(
        &self,
        project_id: Option<&str>,
        body: impl FnOnce(&mut Conn) -> Result<(T, Act), ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        audit::write(&self.state, self.who(), project_id, body).await
    }

    fn who(&self) -> Who {
        self.whence.who(self.principal.actor())
    }

    pub(super) fn forget(&self) {
        self.lookup.forget();
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
                whence: Whence::of(request),
                state: state.clone(),
                lookup: lookup.clone(),
            }),
            None => Err(ApiError::internal("the projects' lookup is not registered")),
        })
    }
}
